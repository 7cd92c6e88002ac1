import type { FileResource, Resource, ServiceInput } from '../../resources/resource.ts';
import { takesRestart } from '../../spec/postgres-value.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { milliseconds } from '../../spec/units.ts';
import { archiveSettings } from '../backups/archive.ts';
import type { CompileInput } from '../compile.ts';
import { directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { addressFor } from '../topology.ts';
import { from, type Traced } from '../trace.ts';
import { accessFiles, isReachedByNetwork } from './access.ts';
import { certificateUnit, hasCertificate, serverCertificate } from './certificate.ts';
import { cluster, serverPort } from './places.ts';
import { type Setting, setting, tuned } from './tuning.ts';

type Database = NonNullable<ResolvedSpec['database']>;

/** The files of the server as a whole, and what the server takes up from each. They belong to the project that manages the host. */
export interface ServerFiles {
  readonly resources: readonly Resource[];
  readonly inputs: readonly ServiceInput[];
}

/**
 * Configuration of the whole server, in one major version, in two files, so that a change of what a reload can take up never restarts it, and the
 * lists of who may connect as whom.
 */
export function serverFiles(
  input: CompileInput,
  database: Database,
  version: number,
  needs: readonly string[],
): ServerFiles {
  const settings = settingsFor(input, database, version);
  const patches = input.spec.patches.postgres.map((line, index) => ({
    name: nameIn(line),
    line: from(`patches.postgres.${index}`, line, 'foreign'),
  }));
  const written = (effect: 'restart' | 'reload') => {
    const fits = ({ name }: { readonly name: string }) => takesRestart(name) === (effect === 'restart');
    return configuration(
      input,
      version,
      effect,
      settings.filter(fits),
      patches.filter(fits).map(({ line }) => line),
    );
  };
  const [restart, reload] = [written('restart'), written('reload')];
  const access = accessFiles(input, database, version);
  const own = [restart, reload, ...access].map((one) => ({ ...one, needs }));
  return {
    resources: [...own, ...unitSettings(input, version)],
    inputs: [
      { id: restart.id, effect: 'restart' },
      ...[reload, ...access].map(({ id }): ServiceInput => ({ id, effect: 'reload' })),
    ],
  };
}

/** The name that a line of postgresql.conf sets. One without a name, such as an include, is taken up by a restart. */
const nameIn = (line: string) =>
  line.match(/^\s*([A-Za-z_][\w]*(?:\.\w+)?)\s*(=|\s)/)?.[1]?.toLowerCase() ?? 'listen_addresses';

/** All settings by name; those of deploy.yaml take the place of ours. */
function settingsFor(input: CompileInput, database: Database, version: number): Setting[] {
  const own = [
    ...placed(input, version),
    ...tuned(input.spec, database, input.host),
    ...preloaded(database),
    ...archiveSettings(input, cluster(version).data),
    ...habits(database, version),
  ];
  const asked = database.settings.map(({ name, value }, index) => setting(name, `database.settings.${index}`, value));
  return [...new Map([...own, ...asked].map((one) => [one.name, one])).values()];
}

/** Where it listens, and by which lists it lets in. */
function placed(input: CompileInput, version: number): Setting[] {
  const { configuration: folder } = cluster(version);
  const { name } = input.spec;
  const byNetwork = isReachedByNetwork(input);
  const { certificate, key } = serverCertificate(input);
  return [
    setting('listen_addresses', 'database.allow', byNetwork ? addressFor(input.host) : ''),
    setting('port', 'database', serverPort),
    setting('hba_file', 'name', `${folder}/${name}-hba.conf`),
    setting('ident_file', 'name', `${folder}/${name}-ident.conf`),
    ...(byNetwork
      ? [
          setting('ssl', 'database.allow', 'on'),
          setting('ssl_cert_file', 'database.tls.certificate', certificate),
          setting('ssl_key_file', 'database.tls.key', key),
        ]
      : []),
  ];
}

const preloaded = ({ extensions }: Database): Setting[] =>
  extensions.includes('pg_stat_statements')
    ? [setting('shared_preload_libraries', 'database.extensions', 'pg_stat_statements')]
    : [];

/** What an expert sets on a server with a solid-state disk that answers web requests. */
function habits({ timeouts }: Database, version: number): Setting[] {
  const fixed = (name: string, value: string) => setting(name, 'database.engine', value);
  return [
    fixed('random_page_cost', '1.1'),
    fixed('effective_io_concurrency', '200'),
    fixed('jit', 'off'),
    fixed('min_wal_size', '1GB'),
    fixed('max_wal_size', '4GB'),
    // Before 15 it knew no algorithm but its own.
    fixed('wal_compression', version >= 15 ? 'lz4' : 'on'),
    setting(
      'idle_in_transaction_session_timeout',
      'database.timeouts.idleInTransaction',
      `${milliseconds(timeouts.idleInTransaction)}ms`,
    ),
    fixed('track_io_timing', 'on'),
    fixed('log_min_duration_statement', '1s'),
    fixed('log_lock_waits', 'on'),
    fixed('log_temp_files', '10MB'),
    fixed('log_line_prefix', '%m [%p] %q%u@%d %a '),
  ];
}

function configuration(
  { spec, templates }: CompileInput,
  version: number,
  effect: 'restart' | 'reload',
  settings: readonly Setting[],
  patches: readonly Traced[],
): FileResource {
  const rendered = render(templates, `postgres/${effect}.conf`, 'postgres', {
    name: from('name', spec.name, 'foreign'),
    version: from('database.version', version),
    settings: settings.map(({ name, value }) => ({ name: from(value.key, name, 'foreign'), value })),
    patches,
  });
  const path = `${cluster(version).settings}/${spec.name}-${effect}.conf`;
  return file(path, rendered, 'database', { mode: '640', owner: 'postgres', group: 'postgres' });
}

/** When the server starts: at boot not before the address that it binds, and once more whenever it has failed. */
function unitSettings(input: CompileInput, version: number): Resource[] {
  const { spec, templates } = input;
  const folder = `/etc/systemd/system/${cluster(version).unit}.d`;
  const rendered = render(templates, 'postgres/unit.conf', 'systemd', {
    name: from('name', spec.name),
    networked: from('database.allow', isReachedByNetwork(input)),
    certificates: hasCertificate(input) ? [from('database.tls', certificateUnit(spec.name))] : [],
  });
  return [
    directory(folder, 'database.engine'),
    file(`${folder}/${spec.name}.conf`, rendered, 'database.engine', { needs: [`directory:${folder}`] }),
  ];
}
