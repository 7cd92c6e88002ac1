/** Backups of a server, as pgBackRest lists them (pgbackrest(1), info --output=json; 2.45 to 2.58), and dumps of a database. */
import { numberIn, objectIn, optional, textIn, timeOf } from './status/reading.ts';

export interface Backup {
  /** Its name, such as `20261122-023000F`; what depends on a full one begins with that one's name. */
  readonly label: string;
  /** `full`, `diff` or `incr`. */
  readonly type: string;
  /** In UTC (RFC 3339). */
  readonly started: string;
  readonly finished: string;
  /** Bytes of the database, and bytes that this backup added to the repository. */
  readonly bytes: number;
  readonly added: number;
  /** Whether pages of the database were damaged. */
  readonly damaged: boolean;
  /** Major version of the server that it is of, where that is no longer the one that serves: then it cannot be restored into it. */
  readonly former?: string;
  /** Of a dump: the one moment that it can bring back, in UTC (RFC 3339). */
  readonly asOf?: string;
}

export interface Backups {
  /** Oldest first. */
  readonly backups: readonly Backup[];
  /** In UTC (RFC 3339): the moments between which any can be restored or, with dumps, those of the first and the last; absent when there is no backup. */
  readonly from?: string;
  readonly to?: string;
  /** What pgBackRest says of the repository when it is not content. */
  readonly problem?: string;
}

/** What the script is given on standard input. */
export const backupsRequest = (configuration: string, stanza: string): string => `${configuration}\n${stanza}\n`;

/** Reads what the script `backups` prints. @throws Error when that is no list of backups. */
export function readBackups(output: string): Backups {
  const text = (word: string) =>
    output
      .split('\n')
      .find((line) => line.startsWith(`${word} `))
      ?.slice(word.length + 1);
  const stanza = stanzaIn(text('info'));
  const serving = Math.max(...stanza.db.map(({ id }) => id));
  const backups = stanza.backup.map((told) => backupIn(told, stanza.db, serving));
  const archived = Number(text('archived'));
  const { code, message } = stanza.status;
  const good = backups.filter(({ damaged, former }) => !damaged && former === undefined);
  return {
    backups,
    ...optional('from', good[0]?.finished),
    ...optional('to', good.length > 0 ? latest(good.at(-1)?.finished, archived) : undefined),
    // Code 2: there is no valid backup, which the list shows.
    ...optional('problem', code === 0 || code === 2 ? undefined : message),
  };
}

/** What the script `dumps` is given on standard input. */
export const dumpsRequest = (folder: string): string => `${folder}\n`;

/** Reads what the script `dumps` prints. @throws Error when that is no list of dumps. */
export function readDumps(output: string): Backups {
  const lines = output.split('\n').filter((line) => line.startsWith('dump '));
  const backups = lines.map((line) => dumpIn(line.slice('dump '.length)));
  return { backups, ...optional('from', backups[0]?.asOf), ...optional('to', backups.at(-1)?.asOf) };
}

function dumpIn(text: string): Backup {
  const told = objectIn(text);
  const [label, type] = [textIn(told?.label), textIn(told?.type)];
  const [started, finished] = [numberIn(told?.started), numberIn(told?.finished)];
  if (label === undefined || type === undefined || started === undefined || finished === undefined)
    throw new Error('this is no list of dumps');
  const [bytes, added] = [numberIn(told?.bytes) ?? 0, numberIn(told?.added) ?? 0];
  const times = { started: timeOf(started), finished: timeOf(finished), asOf: timeOf(started) };
  return { label, type, ...times, bytes, added, damaged: false };
}

/** The end of the newest backup, or when the log arrived last, whichever is later. */
function latest(finished: string | undefined, archived: number): string | undefined {
  const last = archived > 0 ? timeOf(archived) : undefined;
  return [finished, last]
    .filter((one) => one !== undefined)
    .sort()
    .at(-1);
}

interface Stanza {
  /** What the server was; the highest id is what it is. */
  readonly db: readonly { readonly id: number; readonly version: string }[];
  readonly backup: readonly Told[];
  readonly status: { readonly code: number; readonly message: string };
}

/** One backup in pgBackRest's own words, as far as they are used. */
interface Told {
  readonly label: string;
  readonly type: string;
  readonly error?: boolean | null;
  readonly database?: { readonly id: number };
  readonly timestamp: { readonly start: number; readonly stop: number };
  readonly info: { readonly size: number; readonly repository: { readonly delta: number } };
}

function stanzaIn(text: string | undefined): Stanza {
  const [stanza] = Object.values(objectIn(text) ?? {}) as Partial<Stanza>[];
  if (!Array.isArray(stanza?.backup) || !Array.isArray(stanza.db) || stanza.status === undefined)
    throw new Error('this is no list of backups');
  return stanza as Stanza;
}

const backupIn = (
  { label, type, error, timestamp, info, database }: Told,
  servers: Stanza['db'],
  serving: number,
): Backup => ({
  label,
  type,
  started: timeOf(timestamp.start),
  finished: timeOf(timestamp.stop),
  bytes: info.size,
  added: info.repository.delta,
  damaged: error === true,
  ...optional(
    'former',
    database && database.id !== serving ? servers.find(({ id }) => id === database.id)?.version : undefined,
  ),
});
