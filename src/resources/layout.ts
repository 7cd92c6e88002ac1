/** The two slots of a program, of which one is live. */
export const slots = ['blue', 'green'] as const;

export type Slot = (typeof slots)[number];

/** Where the parts of a project lie on a host. */
export function layout(name: string) {
  const home = `/srv/${name}`;
  const run = `/run/${name}`;
  return {
    home,
    run,
    releases: `${home}/releases`,
    slots: `${home}/slots`,
    slot: (slot: Slot) => `${home}/slots/${slot}`,
    sockets: (slot: Slot) => `${run}/${slot}`,
    /** A symbolic link to the folder of the live slot's sockets: renaming another over it is the switch. */
    live: `${run}/live`,
    socket: (folder: string, instance: number) => `${folder}/${instance}.sock`,
    unit: (slot: Slot) => `${name}-${slot}@.service`,
    environmentFile: `/etc/fairlead/${name}/app.env`,
  };
}

/** Where Node.js runtimes lie on a host; projects and releases share them. */
export const runtimes = '/opt/fairlead/node';

/** Folder of a runtime on the host. */
export const runtimeFolder = (version: string, packageName: string) =>
  `${runtimes}/${version}-${packageName.replace('node-linux-', '')}`;
