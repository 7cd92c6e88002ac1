/**
 * A host in memory that carries out the steps of a plan as executor.sh does, and is read as probe.sh reads one. A step that
 * a real host would refuse (a folder that is not there, an owner that nobody made) throws, so a wrong order is seen.
 */
import type { HostManifest } from '../../src/compile/manifest.ts';
import type { Plan, PlannedStep } from '../../src/plan/change.ts';
import { canonicalJson, digest, sha256 } from '../../src/plan/digest.ts';
import { noPermission, type Permission } from '../../src/plan/permission.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { type HostRecord, type RecordLine, readRecord } from '../../src/plan/record.ts';
import { type Consent, noConsent, permissionFrom, withTokens } from '../../src/plan/tokens.ts';
import { uploadOf } from '../../src/resources/file.ts';
import { kindNamed } from '../../src/resources/kind.ts';
import { normalMode } from '../../src/resources/mode.ts';
import {
  type ClusterState,
  type Observed,
  type PathState,
  type Read,
  type SecretState,
  type UnitState,
  type UserState,
  unknown,
  wantAll,
} from '../../src/resources/observed.ts';
import { releaseStamps } from '../../src/resources/release.ts';
import { kindOf, nameOf } from '../../src/resources/resource.ts';
import { secretsIn } from '../../src/resources/secret-file.ts';
import { bareFolders, bareUnits, contents, file, folder, link, parent, read, shown } from './model-parts.ts';

type Live = { -readonly [K in keyof UnitState]: UnitState[K] };

export class ModelHost {
  readonly paths = new Map<string, PathState>(bareFolders.map((path) => [path, folder()]));
  readonly packages = new Set<string>();
  readonly groups = new Set(['root', 'adm', 'www-data']);
  readonly users = new Map<string, UserState>([
    ['root', { group: 'root', home: '/root', shell: '/bin/bash' }],
    ['www-data', { group: 'www-data', home: '/var/www', shell: '/usr/sbin/nologin' }],
  ]);
  readonly units = new Map<string, Live>(
    bareUnits.map((name) => [name, { active: 'active', enabled: 'static', needsReload: false }]),
  );
  readonly clusters = new Map<string, ClusterState>();
  readonly roles = new Map<string, { login: boolean }>();
  readonly databases = new Map<string, { owner: string }>();
  readonly secretFiles = new Map<string, SecretState>();
  /** What cannot be read, as `<table>:<name>`. */
  readonly unreadable = new Map<string, string>();
  /** What was at a path before it was taken over. */
  readonly originals = new Map<string, PathState>();
  /** What of the disk each service has read. */
  readonly taken = new Map<string, string>();
  readonly done: string[] = [];
  lines: RecordLine[] = [];
  serial = 0;

  /** What Nginx would read now. */
  configuration = () => digest([...this.paths].filter(([path]) => path.startsWith('/etc/nginx/')).sort());

  record(): HostRecord {
    return readRecord(this.lines.map((line) => `${canonicalJson(line)}\n`).join(''), this.serial, 'model');
  }

  /** The plan as people see it; `consent` is what they typed. */
  plan(manifest: HostManifest, consent: Consent = noConsent): Plan {
    const make = (permission: Permission) => makePlan(manifest, this.observed(manifest), this.record(), permission);
    const bare = make({ ...noPermission, adopt: consent.adopt });
    return withTokens(make(permissionFrom(bare, consent)), bare);
  }

  /** Carries out the steps before number `until` (from 0); with `torn`, that step's record lines are written too. */
  apply(plan: Plan, manifest: HostManifest, until = plan.steps.length, torn = false): void {
    this.serial += 1;
    for (const step of plan.steps.slice(0, until)) {
      this.lines.push(...step.before);
      this.perform(step, manifest);
      this.done.push(step.op);
      this.lines.push(...step.after);
    }
    if (torn) this.lines.push(...(plan.steps[until]?.before ?? []));
  }

  /** Plans and applies. */
  converge(manifest: HostManifest, consent: Consent = noConsent): Plan {
    const plan = this.plan(manifest, consent);
    this.apply(plan, manifest);
    return plan;
  }

  observed(manifest: HostManifest): Observed {
    const ids = [...manifest.resources.map(({ id }) => id), ...this.record().resources.keys()];
    const stamps = manifest.resources.flatMap((one) => (one.kind === 'release' ? releaseStamps(one) : []));
    const wanted = wantAll([...ids.map((id) => kindNamed(kindOf(id))!.probe(nameOf(id))), { paths: stamps }]);
    const known = new Set(manifest.resources.flatMap((one) => ('content' in one ? [sha256(one.content)] : [])));
    const table = <T>(kind: string, names: readonly string[], look: (name: string) => T | undefined) =>
      new Map(names.map((name) => [name, this.unless(`${kind}:${name}`, () => read(look(name)))] as const));
    const instances = [...this.units.keys()].filter((name) => name.includes('@'));
    return {
      facts: { os: 'debian-12', architecture: 'amd64', bootId: 'boot', freeKib: {} },
      paths: table('paths', wanted.paths, (path) => shown(this.paths.get(this.resolved(path)), known)),
      secrets: table('secrets', wanted.secrets, (path) => this.secretFiles.get(path)),
      packages: table('packages', wanted.packages, (name) => (this.packages.has(name) ? { version: '1' } : undefined)),
      users: table('users', wanted.users, (name) => this.users.get(name)),
      groups: table('groups', wanted.groups, (name) => (this.groups.has(name) ? (true as const) : undefined)),
      units: table('units', [...wanted.units, ...instances], (name) => this.units.get(name)),
      clusters: table('clusters', wanted.clusters, (name) => this.clusters.get(name)),
      roles: table('roles', wanted.roles, (name) => this.roles.get(name)),
      databases: table('databases', wanted.databases, (name) => this.databases.get(name)),
    };
  }

  private unless<T>(key: string, look: () => Read<T>): Read<T> {
    const because = this.unreadable.get(key);
    return because === undefined ? look() : unknown(because);
  }

  private perform({ op, args, title }: PlannedStep, manifest: HostManifest): void {
    const [a = '', b = '', c = '', d = '', e = '', f = ''] = args;
    const need = (met: boolean, what: string): true => {
      if (!met) throw new Error(`${title}: ${what}`);
      return true;
    };
    const owner = (user: string, group: string) =>
      need(this.users.has(user) && this.groups.has(group), `there is no ${user}:${group}`);
    const into = (path: string) => need(this.paths.has(parent(path)), `there is no folder ${parent(path)}`);
    const upload = (name: string) => {
      const found = manifest.resources.find((one) => 'content' in one && uploadOf(one.content) === name);
      need(found !== undefined, `nothing provides ${name}`);
      return (found as { content: string }).content;
    };
    const stamp = `/srv/${a}/releases/${b}/.complete`;
    const operations: Partial<Record<PlannedStep['op'], () => unknown>> = {
      package_install: () => args.map((name) => this.install(name)),
      package_remove: () => this.packages.delete(a) && this.units.delete(contents[a]?.unit ?? ''),
      keep_original: () =>
        need(this.paths.has(a), `there is nothing at ${a}`) && this.originals.set(a, this.paths.get(a)!),
      group_create: () => this.groups.add(a),
      group_remove: () => this.groups.delete(a),
      user_remove: () =>
        need(!this.runs(`${a}-blue@`) && !this.runs(`${a}-green@`), 'its processes run') && this.users.delete(a),
      user_create: () => need(this.groups.has(b), 'no group') && this.users.set(a, { group: b, home: c, shell: d }),
      directory: () => owner(c, d) && into(a) && this.paths.set(a, folder(c, d, normalMode(b))),
      directory_remove: () => this.isEmpty(a) && this.paths.delete(a),
      file: () => owner(c, d) && into(a) && this.paths.set(a, file(upload(e), c, d, b)) && this.changed(a),
      symlink: () => into(a) && this.paths.set(a, link(b)),
      secret: () => owner(c, d) && into(a) && this.putSecret(a, { mode: b, owner: c, group: d }, manifest),
      secret_generate: () =>
        owner(c, d) &&
        into(a) &&
        this.secretFiles.set(a, { type: 'file', mode: b, owner: c, group: d, digest: 'generated' }),
      secret_file: () => owner(c, d) && into(a) && this.compose(a, { mode: b, owner: c, group: d }, upload(e), f),
      secret_remove: () => this.secretFiles.delete(a),
      path_remove: () => this.restore(a) && this.changed(a),
      daemon_reload: () => [...this.units.values()].map((unit) => Object.assign(unit, { needsReload: false })),
      unit_activate: () => need(this.units.has(a), 'no such unit') && this.start(a) && this.takeUp(a),
      unit_attempt: () => need(this.units.has(a), 'no such unit') && this.start(a) && this.takeUp(a),
      unit_leave: () => this.units.has(a) && this.takeUp(a),
      http_check: () => need(this.runs('nginx') && this.live(manifest.project) !== '', 'nothing answers'),
      postgres_cluster: () =>
        this.clusters.has(a) || this.clusters.set(a, { serves: Number(b), ours: true, versions: [Number(b)] }),
      postgres_upgrade: () =>
        need(this.clusters.get(a)?.serves === Number(b), `no cluster of ${b}`) &&
        this.clusters.set(a, { serves: Number(c), ours: true, versions: [Number(b), Number(c)].sort() }),
      postgres_role: () =>
        need(this.runs('postgresql'), 'no PostgreSQL') && this.roles.set(a, { login: b === 'LOGIN' }),
      postgres_database: () => need(this.roles.has(b), `no role ${b}`) && this.databases.set(a, { owner: b }),
      postgres_role_drop: () =>
        need(![...this.databases.values()].some((one) => one.owner === a), 'it owns a database') &&
        this.roles.delete(a),
      postgres_database_drop: () => this.databases.delete(a),
      runtime_install: () => this.paths.set(`${a}/.complete`, file('')),
      bundle_unpack: () => this.paths.set(`/srv/${a}/bundles/${b}/.complete`, file('')),
      release_stage: () =>
        need(this.paths.has(`/srv/${a}/bundles/${c}/.complete`), 'no bundle') &&
        need(this.paths.has(e), 'no environment') &&
        need(this.paths.has(`${d}/.complete`), 'no runtime') &&
        this.stage(stamp),
      release_migrate: () => need(c === '' || this.databases.has(c), `no database ${c}`),
      release_ready: () => this.readyBeside(a, b, Number(c), need),
      release_switch: () => this.goLive(a, this.idle(a)),
      release_start: () =>
        this.instances(a, this.live(a), Number(b)).map((unit) => this.start(unit)) && this.goLive(a, this.live(a)),
      release_drain: () => this.drain(a, Number(b)),
      release_remove: () => this.removeRelease(a),
    };
    operations[op]?.();
  }

  /** The value is what the manifest's digest stands for. */
  private putSecret(path: string, owned: Pick<SecretState, 'mode' | 'owner' | 'group'>, manifest: HostManifest): void {
    const resource = manifest.resources.find((one) => one.kind === 'secret' && one.path === path);
    const digest = (resource as { digest?: string }).digest;
    if (digest === undefined) throw new Error(`${path} has no value`);
    this.secretFiles.set(path, { type: 'file', ...owned, digest });
  }

  private compose(
    path: string,
    owned: Pick<SecretState, 'mode' | 'owner' | 'group'>,
    template: string,
    secrets: string,
  ): void {
    const { plain, hashed } = secretsIn(template);
    const folder = [...this.secretFiles.keys()].find((one) => one.includes('/secrets/'))?.replace(/[^/]*$/, '') ?? '';
    const parts = Object.fromEntries(
      [...plain, ...hashed].map((name) => {
        const digest = this.secretFiles.get(`${folder}${name}`)?.digest;
        if (digest === undefined) throw new Error(`the secret ${name} is not on this host`);
        return [`${folder}${name}`, digest];
      }),
    );
    const result = digest({ template, parts });
    const composed = { template: sha256(template), result, secrets, parts };
    this.secretFiles.set(path, { type: 'file', ...owned, digest: result, composed });
  }

  private install(name: string): void {
    const { unit, user, folders = [] } = contents[name] ?? {};
    if (user) this.groups.add(user) && this.users.set(user, { group: user, home: '/', shell: '/bin/sh' });
    for (const path of folders) if (!this.paths.has(path)) this.paths.set(path, folder());
    this.packages.add(name);
    if (!unit || this.units.has(unit)) return;
    this.start(unit);
    this.takeUp(unit);
  }

  start = (unit: string) => this.units.set(unit, { active: 'active', enabled: 'enabled', needsReload: false });
  private takeUp = (unit: string) => this.taken.set(unit, this.configuration());
  live = (name: string) => this.paths.get(`/run/${name}/live`)?.target ?? '';
  instances = (name: string, slot: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${name}-${slot}@${i + 1}.service`);
  private runs = (prefix: string) =>
    [...this.units].some(([name, { active }]) => name.startsWith(prefix) && active === 'active');
  private isEmpty = (path: string) => ![...this.paths.keys()].some((one) => one.startsWith(`${path}/`));

  /** A unit is there once its file is; a template unit whose file changed is behind for each of its instances. */
  private changed(path: string): void {
    const own = path.match(/^\/etc\/systemd\/system\/([^@/]+\.[a-z]+)$/)?.[1];
    if (own && this.paths.has(path) && !this.units.has(own))
      this.units.set(own, { active: 'inactive', enabled: 'disabled', needsReload: false });
    const template = path.match(/^\/etc\/systemd\/system\/(.*@)\.service$/)?.[1];
    for (const [name, unit] of this.units) if (template && name.startsWith(template)) unit.needsReload = true;
  }

  private idle = (name: string) => (this.live(name) === 'blue' ? 'green' : 'blue');

  private readyBeside(name: string, release: string, count: number, need: (met: boolean, what: string) => void): void {
    const idle = this.idle(name);
    need(this.paths.has(`/srv/${name}/releases/${release}/.complete`), `release ${release} is not staged`);
    need(this.paths.has(`/etc/systemd/system/${name}-${idle}@.service`), 'there is no unit file');
    need(this.paths.has(`/run/${name}/${idle}`), 'there is no folder for the sockets');
    this.paths.set(`/srv/${name}/slots/${idle}`, link(`../releases/${release}`));
    this.stop(`${name}-${idle}@`);
    for (const unit of this.instances(name, idle, count)) this.start(unit);
  }

  private goLive(name: string, slot: string): void {
    const release = `/srv/${name}/slots/${slot}`;
    const text = [
      `# The live slot of ${name} and the release in it, written by Fairlead at each switch (tmpfiles.d(5)).`,
      `L+ /run/${name}/live - - - - ${slot}`,
      `L+ /run/${name}/release - - - - ${release}\n`,
    ].join('\n');
    this.paths.set(`/run/${name}/release`, link(release));
    this.paths.set(`/etc/tmpfiles.d/${name}-live.conf`, file(text));
    this.paths.set(`/run/${name}/live`, link(slot));
  }

  private stage(stamp: string): void {
    this.paths.set(stamp, file(''));
    for (const through of ['runtime', 'app/..'])
      this.paths.set(stamp.replace('.complete', `${through}/.complete`), file(''));
  }

  /** A path that leads through the link of a slot. */
  private resolved(path: string): string {
    const [, home = '', slot = '', rest = ''] = path.match(/^(\/srv\/[^/]+)\/slots\/([^/]+)(\/.+)$/) ?? [];
    const target = this.paths.get(`${home}/slots/${slot}`)?.target;
    return target ? `${home}/${target.replace('../', '')}${rest}` : path;
  }

  /** What was there before comes back, or else nothing is there. */
  private restore(path: string): true {
    const original = this.originals.get(path);
    if (original) this.paths.set(path, original);
    else this.paths.delete(path);
    this.originals.delete(path);
    return true;
  }

  private removeRelease(name: string): void {
    for (const slot of ['blue', 'green']) this.stop(`${name}-${slot}@`);
    const own = [`/srv/${name}/`, `/run/${name}/live`, `/run/${name}/release`, `/etc/tmpfiles.d/${name}-live.conf`];
    for (const path of [...this.paths.keys()]) if (own.some((one) => path.startsWith(one))) this.paths.delete(path);
  }

  private drain(name: string, count: number): void {
    const kept = this.instances(name, this.live(name), count);
    for (const unit of [...this.units.keys()])
      if (unit.startsWith(`${name}-`) && unit.includes('@') && !kept.includes(unit)) this.units.delete(unit);
  }

  private stop(prefix: string): void {
    for (const unit of [...this.units.keys()]) if (unit.startsWith(prefix)) this.units.delete(unit);
  }
}
