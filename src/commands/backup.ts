import { type BackupRan, runBackup } from '../apply/backup-run.ts';
import { type Backups, backupsRequest, dumpsRequest, readBackups, readDumps } from '../apply/backups.ts';
import { backupPlaces, stanzaOf } from '../compile/backups/places.ts';
import { ExitCode, failure, printable } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { hostScript } from '../project/assets.ts';
import { BackupProgressLines } from '../report/backup-progress.ts';
import { backupsText, ranText } from '../report/backups.ts';
import { unitsOf } from '../resources/resource.ts';
import { backupEngine } from '../spec/backup-engine.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { type Asked, asJson, askHosts, failedToAsk, tellAnswers } from './ask-hosts.ts';
import {
  type CommonOptions,
  colorsOf,
  complaintColorsOf,
  openSession,
  printJson,
  type Session,
  type Terminal,
} from './context.ts';

export type BackupAction = 'take' | 'drill' | 'list';

interface BackupOptions extends CommonOptions {
  readonly full?: boolean;
}

/**
 * Takes a backup now, runs a drill now, or lists the backups that there are. Exit code 1 when a backup or a drill failed, 8 when a host
 * could not be reached. Without a client the host goes on.
 */
export async function backup(options: BackupOptions, terminal: Terminal, action: BackupAction): Promise<ExitCode> {
  const session = withBackups(await openSession(options, terminal));
  return action === 'list' ? list(session, options, terminal) : run(session, options, terminal, action);
}

/** Only hosts that take backups. @throws DiagnosticsError when none is meant. */
export function withBackups(session: Session): Session {
  const { full } = backupPlaces(session.spec.name).units;
  const hosts = session.hosts.filter((host) => unitNames(session, host).has(`${full}.timer`));
  if (hosts.length > 0) return { ...session, hosts };
  throw failure({
    code: 'backup.hosts',
    subject: session.hosts.map(({ name }) => name).join(', '),
    message: 'none of these hosts takes backups',
    fix: 'name hosts with the role database, or set backups.engine: pgbackrest; with pg_dump and an external database, the first host with the role app takes them',
  });
}

const unitNames = ({ spec, assets }: Session, host: ResolvedHostFile) =>
  new Set(unitsOf(manifestOf(spec, host, assets)).map(({ name }) => name));

/** Whether backups are dumps of one database, and not of a server with its log. */
export const makesDumps = ({ spec }: Pick<Session, 'spec'>): boolean => backupEngine(spec) === 'pg_dump';

/** Where pgBackRest's configuration is; nothing where there is none. */
export const configurationFor = (session: Session): string =>
  makesDumps(session) ? '' : backupPlaces(session.spec.name).configuration;

export const stanzaFor = ({ spec }: Session, host: ResolvedHostFile) =>
  stanzaOf(spec.name, spec.environment, host.name);

async function list(session: Session, { json }: BackupOptions, terminal: Terminal): Promise<ExitCode> {
  const results = await askHosts(session, (connection, host) => backupsOn(connection, session, host));
  if (json) printJson(terminal, { format: 1, hosts: results.map((result) => asJson(result, (one) => ({ ...one }))) });
  tellAnswers(results, terminal, (host, backups) => {
    if (!json) terminal.out.write(backupsText(host, backups, colorsOf(terminal)));
  });
  return failedToAsk(results) ?? ExitCode.done;
}

/** Asks a host for its backups. @throws DiagnosticsError when it does not answer as asked. */
export async function backupsOn(connection: Connection, session: Session, host: ResolvedHostFile): Promise<Backups> {
  const { configuration, dumps } = backupPlaces(session.spec.name);
  const [script, input, read] = makesDumps(session)
    ? (['dumps', dumpsRequest(dumps), readDumps] as const)
    : (['backups', backupsRequest(configuration, stanzaFor(session, host)), readBackups] as const);
  const { code, stdout, stderr } = await connection.run(hostScript(script), { input, compressed: true });
  try {
    if (code === 0) return read(stdout.toString('utf8'));
  } catch {
    // What it said is no list, which is told below.
  }
  throw failure(
    {
      code: 'backup.unreadable',
      subject: host.name,
      message: `the backups of ${host.name} could not be read: ${stderr.trim().split('\n')[0] || `exit code ${code}`}`,
      fix: makesDumps(session)
        ? `on the host: ls ${dumps}`
        : `on the host, as postgres: pgbackrest --config=${configuration} info`,
    },
    ExitCode.unreachable,
  );
}

async function run(
  session: Session,
  options: BackupOptions,
  terminal: Terminal,
  action: 'take' | 'drill',
): Promise<ExitCode> {
  const progress = new BackupProgressLines(options.json ? terminal.err : terminal.out);
  const what = action === 'drill' ? 'drill' : 'backup';
  const results = await askHosts(session, (connection, host) =>
    runOn(connection, session, host, { what, full: options.full === true }, progress),
  );
  progress.end();
  if (options.json)
    printJson(terminal, { format: 1, hosts: results.map((result) => asJson(result, (one) => ({ ...one }))) });
  tellAnswers(results, terminal, (host, ran) => {
    if (ran.result !== 'ok') terminal.err.write(saidText(host, ran, terminal));
    if (!options.json) terminal.out.write(ranText(host, what, ran, ran.seconds, colorsOf(terminal)));
  });
  return failedToAsk(results) ?? (failed(results) ? ExitCode.error : ExitCode.done);
}

const failed = (results: readonly Asked<BackupRan>[]) =>
  results.some((result) => 'answer' in result && result.answer.result !== 'ok');

/** The last lines of what a unit said, for people who wonder why it failed. */
export const saidText = (host: string, { said }: BackupRan, terminal: Terminal): string =>
  said.map((line) => `${host} ${complaintColorsOf(terminal).dim('|')} ${printable(line)}\n`).join('');

function runOn(
  connection: Connection,
  session: Session,
  host: ResolvedHostFile,
  { what, full }: { readonly what: 'backup' | 'drill'; readonly full: boolean },
  progress: BackupProgressLines,
): Promise<BackupRan> {
  const { units, backupStatus, drillStatus } = backupPlaces(session.spec.name);
  const configuration = configurationFor(session);
  const unit = what === 'drill' ? units.drill : full ? units.full : units.incremental;
  const state = what === 'drill' ? drillStatus : backupStatus;
  const asked = { unit: `${unit}.service`, state, configuration, stanza: stanzaFor(session, host) };
  return runBackup(connection, hostScript('backup'), asked, (how) => progress.hear(host.name, how));
}
