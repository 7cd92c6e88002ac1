import { join } from 'node:path';
import type { HostManifest } from '../../../src/compile/manifest.ts';
import { layout, runtimeFolder, type Slot } from '../../../src/resources/layout.ts';
import type {
  PackageResource,
  PostgresDatabaseResource,
  PostgresRoleResource,
  ReleaseResource,
  Resource,
  ResourceKind,
} from '../../../src/resources/resource.ts';

/** One task of a play; a playbook is plain data. */
export type Task = Readonly<Record<string, unknown>>;

type Single = Exclude<ResourceKind, 'package'>;
type Tasks = { readonly [K in Single]: (resource: Extract<Resource, { kind: K }>) => readonly Task[] };

/**
 * A playbook for the same resources as a manifest, written as its own documentation suggests: built-in modules, all
 * packages in one task, no facts.
 *
 * @param rootfs folder with the compiled files, at their paths.
 * @param live the slot that the release is live in.
 */
export function playbookFor(manifest: HostManifest, rootfs: string, live: Slot): unknown[] {
  const packages = manifest.resources.filter((one): one is PackageResource => one.kind === 'package');
  const others = manifest.resources.filter((one) => one.kind !== 'package');
  const tasks = tasksFor(rootfs, live);
  const all = others.flatMap((one) => (tasks[one.kind as Single] as (resource: Resource) => readonly Task[])(one));
  return [{ hosts: 'all', gather_facts: false, tasks: [packageTask(packages), ...all] }];
}

const task = (name: string, module: string, args: object, more: object = {}): Task => ({
  name,
  [`ansible.builtin.${module}`]: args,
  ...more,
});

const packageTask = (packages: readonly PackageResource[]) =>
  task('packages', 'apt', { name: packages.map(({ name }) => name), state: 'present' });

const tasksFor = (rootfs: string, live: Slot): Tasks => ({
  group: ({ id, name }) => [task(id, 'group', { name, system: true })],
  user: ({ id, name, group }) => [task(id, 'user', { name, group, ...noLogin })],
  directory: ({ id, path, mode, owner, group }) => [
    task(id, 'file', { path, state: 'directory', mode: `0${mode}`, owner, group }),
  ],
  file: ({ id, path, mode, owner, group }) => [
    task(id, 'copy', { src: join(rootfs, path), dest: path, mode: `0${mode}`, owner, group }),
  ],
  // No playbook could know what a secret's value is; the resources of the benchmark have none.
  secret: () => [],
  'secret-file': () => [],
  symlink: ({ id, path, target }) => [link(id, path, target)],
  unit: ({ id, name }) => [startedUnit(id, name)],
  // The packages make it.
  'postgres-cluster': () => [],
  'postgres-role': roleTask,
  'postgres-database': databaseTask,
  release: (resource) => releaseTasks(resource, live),
});

/** How userKind leaves a user. */
const noLogin = { home: '/nonexistent', shell: '/usr/sbin/nologin', create_home: false, system: true };

const link = (name: string, path: string, target: string) =>
  task(name, 'file', { path, src: target, state: 'link', force: true });

const startedUnit = (title: string, name: string) => task(title, 'systemd', { name, state: 'started', enabled: true });

const roleTask = ({ id, name, login }: PostgresRoleResource) => [
  query(id, `SELECT 1 FROM pg_roles WHERE rolname = '${name}' AND rolcanlogin = ${login}`),
];

const databaseTask = ({ id, name, owner }: PostgresDatabaseResource) => [
  query(id, `SELECT 1 FROM pg_database WHERE datname = '${name}' AND pg_get_userbyid(datdba) = '${owner}'`),
];

/** Looks through psql, which costs less than the modules of community.postgresql and needs nothing on the host. */
const query = (name: string, sql: string) =>
  task(
    name,
    'command',
    { argv: ['runuser', '-u', 'postgres', '--', 'psql', '-XAtqc', sql], chdir: '/' },
    { check_mode: false, changed_when: false, register: 'answer', failed_when: "answer.stdout != '1'" },
  );

/** What tells that a release is live: the link of its slot, the link to the live sockets, and its running instances. */
function releaseTasks(
  { id, name, release = '', bundle = '', runtime, instances }: ReleaseResource,
  live: Slot,
): Task[] {
  const paths = layout(name);
  const folder = `${paths.releases}/${release}`;
  const folders = [runtimeFolder(runtime.version, runtime.package), `${paths.bundles}/${bundle}`, folder];
  const stamps = folders.map((one) => `${one}/.complete`);
  return [
    ...stamps.map((path) => task(`${id}: ${path}`, 'file', { path, state: 'file' })),
    link(`${id}: ${live}`, paths.slot(live), `../releases/${release}`),
    link(`${id}: live`, paths.live, live),
    ...Array.from({ length: instances }, (_, index) => {
      const unit = `${name}-${live}@${index + 1}.service`;
      return task(`${id}: ${unit}`, 'systemd', { name: unit, state: 'started' });
    }),
  ];
}
