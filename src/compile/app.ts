import { layout, type Slot, slots } from '../resources/layout.ts';
import type { DirectoryResource, FileResource, Resource } from '../resources/resource.ts';
import { wordsOf } from '../spec/command.ts';
import { megabytes, seconds } from '../spec/units.ts';
import type { CompileInput } from './compile.ts';

import { nodeRuntime } from './node-runtimes.ts';
import { type Rendered, render } from './render.ts';
import { from, type Traced, tracer } from './trace.ts';

/** The program: its user, folders, environment, a template unit for each slot, and the release that fills them. */
export function compileApp(input: CompileInput): Resource[] {
  const { spec } = input;
  const { name } = spec;
  const owner = [`user:${name}`];
  const files = [environmentFile(input), ...slots.map((slot) => unitFile(input, slot)), socketFolders(input)];
  return [
    { kind: 'package', id: 'package:curl', name: 'curl', origin: 'app.health', needs: [], retain: false },
    { kind: 'group', id: `group:${name}`, name, origin: 'app', needs: [] },
    { kind: 'user', id: `user:${name}`, name, group: name, origin: 'app', needs: [`group:${name}`] },
    ...folders(input, owner),
    ...files,
    release(input, files),
  ];
}

function folders({ spec }: CompileInput, owner: readonly string[]): DirectoryResource[] {
  const { name } = spec;
  const paths = layout(name);
  const folder = (path: string, needs: readonly string[] = [], group = 'root'): DirectoryResource => ({
    kind: 'directory',
    id: `directory:${path}`,
    path,
    mode: '755',
    owner: 'root',
    group,
    origin: 'app',
    needs,
  });
  const within = (path: string) => [`directory:${path}`];
  const sockets = (slot: Slot): DirectoryResource => ({
    ...folder(paths.sockets(slot), [...within(paths.run), ...owner], socketGroup(spec)),
    mode: '2750',
    owner: name,
  });
  return [
    folder(`/etc/fairlead/${name}`),
    folder(paths.home),
    folder(paths.releases, within(paths.home)),
    folder(paths.slots, within(paths.home)),
    folder(paths.run),
    ...slots.map(sockets),
  ];
}

/** Who may connect to the instances: the group that Nginx runs as, or the program's own where there is no proxy. */
const socketGroup = (spec: CompileInput['spec']) => (spec.proxy ? 'www-data' : spec.name);

function file(
  path: string,
  { text, lines }: Rendered,
  origin: string,
  mode: string,
  needs: readonly string[] = [],
): FileResource {
  return {
    kind: 'file',
    id: `file:${path}`,
    path,
    mode,
    owner: 'root',
    group: 'root',
    content: text,
    lines,
    origin,
    needs,
  };
}

function environmentFile({ spec, templates }: CompileInput): FileResource {
  const variable = (key: string, name: string, value: Traced['value']) => ({
    variable: from(key, name, 'identifier'),
    content: from(key, String(value)),
  });
  const { database } = spec;
  const variables = [
    variable('app', 'NODE_ENV', 'production'),
    ...(database
      ? [
          variable('database.engine', 'PGHOST', '/var/run/postgresql'),
          variable('database', 'PGDATABASE', database.name),
          variable('database', 'PGUSER', spec.name),
        ]
      : []),
    ...Object.entries(spec.app.env).map(([name, value]) => variable(`app.env.${name}`, name, value)),
  ];
  const rendered = render(templates, 'environment/app.env', 'environment-file', {
    name: from('name', spec.name, 'systemd'),
    variables,
  });
  return file(layout(spec.name).environmentFile, rendered, 'app.env', '640', [`directory:/etc/fairlead/${spec.name}`]);
}

function unitFile({ spec, templates }: CompileInput, slot: Slot): FileResource {
  const key = tracer(spec);
  const paths = layout(spec.name);
  const [, ...words] = wordsOf(spec.app.start);
  const heap = Math.floor(megabytes(spec.app.memory) * 0.75);
  const rendered = render(templates, 'systemd/app@.service', 'systemd', {
    name: key('name'),
    slot: from('app', slot),
    folder: from('name', paths.slot(slot)),
    sockets: from('name', paths.sockets(slot)),
    command: [
      from('app.node', `${paths.slot(slot)}/node`, 'systemd-exec'),
      from('app.memory', `--max-old-space-size=${heap}`, 'systemd-exec'),
      ...words.map((word) => from('app.start', word, 'systemd-exec')),
    ],
    drain: key('app.drain'),
    memory: key('app.memory'),
    isolated: from('app.network', !spec.app.network),
    networked: key('app.network'),
  });
  return file(`/etc/systemd/system/${paths.unit(slot)}`, rendered, 'app', '644');
}

function socketFolders({ spec, templates }: CompileInput): FileResource {
  const paths = layout(spec.name);
  const rendered = render(templates, 'systemd/tmpfiles.conf', 'tmpfiles', {
    name: from('name', spec.name),
    run: from('name', paths.run),
    slots: slots.map((slot) => from('name', paths.sockets(slot))),
    socketGroup: from(spec.proxy ? 'proxy' : 'name', socketGroup(spec)),
  });
  return file(`/etc/tmpfiles.d/${spec.name}.conf`, rendered, 'app', '644');
}

function release({ spec, host }: CompileInput, files: readonly FileResource[]): Resource {
  const { name, app, database } = spec;
  const paths = layout(name);
  const parts = files.map(({ id }) => id);
  return {
    kind: 'release',
    id: `release:${name}`,
    name,
    origin: 'app.source',
    instances: app.instances,
    runtime: nodeRuntime(app.node, host.architecture),
    source: app.source,
    ...(app.build ? { build: app.build } : {}),
    ...(app.migrations ? { migrations: wordsOf(app.migrations).slice(1) } : {}),
    ready: app.health.ready,
    timeout: seconds(app.health.timeout),
    environmentFile: paths.environmentFile,
    parts,
    ...(database ? { database: database.name } : {}),
    needs: [
      'package:curl',
      `user:${name}`,
      `directory:${paths.releases}`,
      `directory:${paths.slots}`,
      ...slots.map((slot) => `directory:${paths.sockets(slot)}`),
      ...parts,
      ...(database ? [`postgres-database:${database.name}`] : []),
    ],
  };
}
