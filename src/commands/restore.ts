import { type BackupRan, runBackup } from '../apply/backup-run.ts';
import type { Backup } from '../apply/backups.ts';
import { backupFor, type Moment, momentIn, momentText, restoreToken } from '../apply/restore.ts';
import { backupPlaces } from '../compile/backups/places.ts';
import { cluster } from '../compile/database/places.ts';
import { postgresVersion } from '../compile/targets.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { hostScript } from '../project/assets.ts';
import { BackupProgressLines } from '../report/backup-progress.ts';
import type { Colors } from '../report/colors.ts';
import { previewText, restoredText } from '../report/restore.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { askHosts } from './ask-hosts.ts';
import { backupsOn, configurationFor, makesDumps, saidText, stanzaFor, withBackups } from './backup.ts';
import {
  type CommonOptions,
  colorsOf,
  commandLine,
  openSession,
  printJson,
  type Session,
  type Terminal,
} from './context.ts';

interface RestoreOptions extends CommonOptions {
  /** A moment; the end of the log without it. */
  readonly to?: string;
  /** A token of the preview. */
  readonly replace?: string;
  readonly beside?: boolean;
  /** Ends what was restored beside. */
  readonly end?: boolean;
}

/** What is asked of one host. */
interface Wish {
  readonly session: Session;
  readonly host: ResolvedHostFile;
  readonly moment: Moment;
  readonly mode: 'replace' | 'beside' | 'end';
}

/**
 * Brings the data of one host's server back as they were at a moment. Without a token it only says what that would do (exit code 2); with
 * one it replaces them, and beside it makes a second server of them. Exit codes: 0 done, 1 it failed and the data of before are back, 7 refused, 8
 * the host is unreachable.
 */
export async function restore(options: RestoreOptions, terminal: Terminal): Promise<ExitCode> {
  const moment = options.to === undefined ? 'latest' : momentIn(options.to);
  const session = withBackups(await openSession(options, terminal));
  const host = onlyHost(session);
  const mode = options.end ? 'end' : options.beside ? 'beside' : 'replace';
  const wish: Wish = { session, host, moment, mode };
  const previewed = mode === 'replace' && options.replace === undefined;
  const [result] = await askHosts({ ...session, hosts: [host] }, (connection) =>
    previewed ? preview(connection, wish, options, terminal) : carryOut(connection, wish, options, terminal),
  );
  if (result && 'error' in result) throw result.error;
  return result?.answer ?? ExitCode.error;
}

function onlyHost({ hosts }: Session): ResolvedHostFile {
  if (hosts.length === 1 && hosts[0]) return hosts[0];
  throw failure({
    code: 'restore.hosts',
    subject: hosts.map(({ name }) => name).join(', '),
    message: `${hosts.length} hosts take backups, and one is restored at a time`,
    fix: `name it: npm run restore -- --host ${hosts[0]?.name}`,
  });
}

/** @throws DiagnosticsError (exit code 7) when the token is another restore's, or there is a newer backup than when it was shown. */
function refuseWrongToken({ session, host, moment }: Wish, backup: Backup, { replace }: RestoreOptions): void {
  if (replace === restoreToken(stanzaFor(session, host), moment, backup)) return;
  throw failure(
    {
      code: 'restore.token',
      subject: host.name,
      message: `${replace} is not the token of this restore: it is of another moment, or of before the newest backup; nothing was changed`,
      fix: 'leave --replace out: what would be done is shown with its token',
    },
    ExitCode.refused,
  );
}

const nowInSeconds = () => Math.floor(Date.now() / 1000);

async function chosenBackup(connection: Connection, { session, host, moment }: Wish) {
  const backups = await backupsOn(connection, session, host);
  return backupFor(host.name, backups, moment, nowInSeconds());
}

async function preview(
  connection: Connection,
  wish: Wish,
  options: RestoreOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { session, host, moment } = wish;
  const backup = await chosenBackup(connection, wish);
  const token = restoreToken(stanzaFor(session, host), moment, backup);
  const command = restoreCommand(options, host, token);
  const { database } = session.spec;
  const { data } = cluster(postgresVersion(host.os, database?.version));
  const replaced = makesDumps(session) ? { database: database?.name ?? '' } : { data };
  if (options.json)
    printJson(terminal, { format: 1, host: host.name, moment: momentText(moment), backup, token, command });
  else
    terminal.out.write(
      previewText({ host: host.name, moment, backup, now: nowInSeconds(), ...replaced, command }, colorsOf(terminal)),
    );
  return ExitCode.changes;
}

function restoreCommand(options: RestoreOptions, host: ResolvedHostFile, token: string): string {
  const words = [...(options.to === undefined ? [] : ['--to', `"${options.to}"`]), '--replace', token];
  return `${commandLine('restore', { ...options, host: [host.name] })} ${words.join(' ')}`;
}

async function carryOut(
  connection: Connection,
  wish: Wish,
  options: RestoreOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { host, mode } = wish;
  const backup = mode === 'end' ? undefined : await chosenBackup(connection, wish);
  if (backup && mode === 'replace') refuseWrongToken(wish, backup, options);
  const progress = new BackupProgressLines(options.json ? terminal.err : terminal.out);
  const ran = await runRestore(connection, wish, progress);
  progress.end();
  if (options.json) printJson(terminal, { format: 1, host: host.name, ...ran });
  else terminal.out.write(endText(wish, ran, colorsOf(terminal)));
  if (ran.result === 'ok') return ExitCode.done;
  terminal.err.write(saidText(host.name, ran, terminal));
  return ExitCode.error;
}

function endText({ session, host, moment, mode }: Wish, ran: BackupRan, colors: Colors): string {
  if (mode === 'end' && ran.result === 'ok') return `${host.name}: what was restored beside is gone\n`;
  const database = session.spec.database?.name ?? '';
  const dump = makesDumps(session);
  return restoredText({ host: host.name, moment, beside: mode === 'beside', database, dump }, ran, colors);
}

function runRestore(
  connection: Connection,
  { session, host, moment, mode }: Wish,
  progress: BackupProgressLines,
): Promise<BackupRan> {
  const { units, restoreStatus, restoreRequest } = backupPlaces(session.spec.name);
  const configuration = configurationFor(session);
  const asked = {
    unit: `${units.restore}.service`,
    state: restoreStatus,
    configuration,
    stanza: stanzaFor(session, host),
    request: { file: restoreRequest, lines: [mode, momentText(moment)] },
  };
  return runBackup(connection, hostScript('backup'), asked, (how) => progress.hear(host.name, how));
}
