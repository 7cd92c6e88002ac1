import { layout, slots } from '../../resources/layout.ts';
import type { FileResource, Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { hasRole, runsProcesses } from '../topology.ts';
import { from } from '../trace.ts';
import { sharedVariables } from './environment.ts';
import { jobs } from './jobs.ts';
import { migrationFiles } from './migrations.ts';
import { passwordFile } from './passwords.ts';
import { environmentFile } from './process-environment.ts';
import { release } from './release.ts';
import { gate, socketGroup, webFiles, webFolders } from './web.ts';
import { workers } from './workers.ts';

/**
 * The program under app.runtime systemd: its user, folders, environment and release, and the units of its web instances,
 * workers and jobs, each on the hosts whose roles ask for it. With app.runtime compose everything is compile/containers'.
 */
export function compileApp(input: CompileInput): Resource[] {
  const { spec, host } = input;
  if (spec.app.runtime !== 'systemd' || !runsProcesses(spec, host)) return [];
  const { name } = spec;
  const web = hasRole(host, 'app');
  const parts = [sharedEnvironment(input), ...(web ? webFiles(input) : []), socketFolders(input)];
  const beside = [...migrationFiles(input), ...passwordFile(input)];
  return [
    ...(web ? [aptPackage('curl', 'app.health'), ...webFolders(input), ...gate(input)] : []),
    { kind: 'group', id: `group:${name}`, name, origin: 'app', needs: [] },
    { kind: 'user', id: `user:${name}`, name, group: name, origin: 'app', needs: [`group:${name}`] },
    ...folders(input),
    ...parts,
    ...beside,
    release(
      input,
      parts,
      beside.map(({ id }) => id),
    ),
    ...workers(input),
    ...jobs(input),
  ];
}

/** Folders of releases and sockets. */
function folders({ spec }: CompileInput): Resource[] {
  const { name } = spec;
  const paths = layout(name);
  const within = (path: string) => ({ needs: [`directory:${path}`] });
  return [
    directory(paths.home, 'app'),
    directory(paths.releases, 'app', within(paths.home)),
    directory(paths.bundles, 'app', within(paths.home)),
    directory(paths.slots, 'app', within(paths.home)),
    directory(paths.run, 'app'),
    ...slots.map((slot) =>
      directory(paths.sockets(slot), 'app', {
        mode: '2750',
        owner: name,
        group: String(socketGroup(spec).value),
        needs: [`directory:${paths.run}`, `user:${name}`],
      }),
    ),
  ];
}

const sharedEnvironment = (input: CompileInput): FileResource =>
  environmentFile(
    input,
    layout(input.spec.name).environmentFile,
    'app.env',
    from('app', 'variables of all processes, copied into each release', 'systemd'),
    sharedVariables(input),
  );

/** What makes the folders of the sockets anew at each boot. */
function socketFolders({ spec, templates }: CompileInput): FileResource {
  const paths = layout(spec.name);
  const rendered = render(templates, 'systemd/tmpfiles.conf', 'tmpfiles', {
    name: from('name', spec.name),
    run: from('name', paths.run),
    slots: slots.map((slot) => ({
      sockets: from('name', paths.sockets(slot)),
      socketGroup: socketGroup(spec),
    })),
  });
  return file(`/etc/tmpfiles.d/${spec.name}.conf`, rendered, 'app');
}
