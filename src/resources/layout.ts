/** The two slots of a program, of which one is live. */
export const slots = ['blue', 'green'] as const;

export type Slot = (typeof slots)[number];

/** Where the parts of a project lie on a host. */
export function layout(name: string) {
  const home = `/srv/${name}`;
  const run = `/run/${name}`;
  const settings = `/etc/fairlead/${name}`;
  return {
    home,
    run,
    releases: `${home}/releases`,
    /** What builds made, by hash; releases point to them. */
    bundles: `${home}/bundles`,
    slots: `${home}/slots`,
    slot: (slot: Slot) => `${home}/slots/${slot}`,
    sockets: (slot: Slot) => `${run}/${slot}`,
    /** A symbolic link to the folder of the live slot's sockets: renaming another over it is the switch. */
    live: `${run}/live`,
    /**
     * A link to the live release. It follows the switch, in a folder that the program itself cannot write to: it must not
     * decide what others run or serve.
     */
    liveRelease: `${run}/release`,
    socket: (folder: string, instance: number) => `${folder}/${instance}.sock`,
    unit: (slot: Slot) => `${name}-${slot}@.service`,
    settings,
    environmentFile: `${settings}/app.env`,
    /** Variables of one process beside those of all: `process` is worker-<name> or job-<name>. */
    processEnvironmentFile: (process: string) => `${settings}/${process}.env`,
    /** Variables of migrations, where those go past the pooler or have a role of their own. */
    migrationEnvironmentFile: `${settings}/migrations.env`,
    /** Settings of the transient unit that the executor runs migrations in (apply/host/executor/releases.sh, migrate). */
    migrationUnitFile: `/etc/systemd/system/fairlead-${name}-migrate.service.d/fairlead.conf`,
    ports: `${settings}/ports`,
    /** The TCP port of one instance, as variables; for programs that cannot listen on a socket. */
    portFile: (slot: Slot, instance: number | '%i') => `${settings}/ports/${slot}-${instance}.env`,
    /** Passwords of databases that are reached over a network (libpq, PGPASSFILE). */
    passwordFile: `${settings}/pgpass`,
    /** The password of migrations, where those have a role of their own. */
    migrationPasswordFile: `${settings}/pgpass-migrations`,
  };
}

/** Where instances listen that cannot listen on a socket: a hundred ports a slot, so that their number moves none of them. */
const slotPorts: Readonly<Record<Slot, number>> = { blue: 100, green: 200 };

/** The TCP port on the loopback interface of an instance (from 1) in a slot. `first` is app.port. */
export const slotPort = (first: number, slot: Slot, instance: number): number => first + slotPorts[slot] + instance - 1;

/** The TCP port at which proxies on other hosts reach the live instance of a number (from 1). `first` is app.port. */
export const gatePort = (first: number, instance: number): number => first + instance - 1;

/** Where Node.js runtimes lie on a host; projects and releases share them. */
export const runtimes = '/opt/fairlead/node';

/** Folder of a runtime on the host. */
export const runtimeFolder = (version: string, packageName: string) =>
  `${runtimes}/${version}-${packageName.replace('node-linux-', '')}`;
