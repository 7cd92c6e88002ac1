import type { BackupRan } from '../apply/backup-run.ts';
import type { Backup } from '../apply/backups.ts';
import type { Moment } from '../apply/restore.ts';
import { objectIn, textIn, timeOf } from '../apply/status/reading.ts';
import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import { elapsedText, secondsText } from './duration.ts';

/** What a restore would do. */
export interface RestorePreview {
  readonly host: string;
  readonly moment: Moment;
  readonly backup: Backup;
  /** Seconds since 1970. */
  readonly now: number;
  /** Folder of the server whose data are replaced, or the name of the one database. */
  readonly data?: string;
  readonly database?: string;
  /** What to type to have it done. */
  readonly command: string;
}

/** Says what would be lost and kept, and what to type. */
export function previewText(preview: RestorePreview, colors: Colors): string {
  const { host, moment, backup, database, command } = preview;
  const facts = backup.asOf === undefined ? serverFacts(preview) : databaseFacts(preview);
  const what =
    backup.asOf === undefined
      ? `the data of the whole server by those of ${momentWords(moment)}`
      : `all that is in the database ${printable(database ?? '')} by what was there at ${backup.asOf}`;
  return [
    `${colors.bold(host)}: this would replace ${what}\n`,
    ...facts.map(([name, text]) => `  ${colors.dim(String(name).padEnd(5))} ${printable(String(text))}\n`),
    `\nNothing was changed. To do it: ${colors.bold(command)}\n`,
    'To look at them first, beside: the same with --beside instead of --replace\n',
  ].join('');
}

const serverFacts = ({ backup, moment, now, data }: RestorePreview) => [
  ['from', `the ${backup.type} backup ${backup.label}, which ended at ${backup.finished}, and the log after it`],
  ['lost', lossWords(moment, now)],
  ['down', 'the database, from its stop to the end of recovery; who asks for it gets errors meanwhile'],
  ['kept', `the data of now, in ${data}.before-<now>, until you remove them; they come back if the restore fails`],
];

const databaseFacts = ({ backup, now }: RestorePreview) => [
  ['from', `the dump ${backup.label}`],
  ['lost', `all that was written after it: ${elapsedText(now * 1000 - Date.parse(backup.asOf ?? ''))} by now`],
  ['down', 'nothing: it is one transaction, and who asks for a table waits for its end'],
  ['kept', 'a dump of now, on the host, until you remove it; if the restore fails, nothing was changed'],
];

const momentWords = (moment: Moment) => (moment === 'latest' ? 'the end of the log' : timeOf(moment));

const lossWords = (moment: Moment, now: number): string =>
  moment === 'latest'
    ? 'what the server could not archive any more'
    : `all that was written after that moment: ${elapsedText((now - moment) * 1000)} by now`;

const restoredTo = (moment: Moment, dump: boolean): string => {
  if (!dump) return momentWords(moment);
  return moment === 'latest' ? 'the newest dump' : `the newest dump of before ${timeOf(moment)}`;
};

/** What was restored. */
export interface Restored {
  readonly host: string;
  readonly moment: Moment;
  readonly beside: boolean;
  readonly database: string;
  /** Whether it was one database from a dump. */
  readonly dump: boolean;
}

/** What a restore came to, and what to do next. */
export function restoredText(
  { host, moment, beside, database, dump }: Restored,
  ran: BackupRan,
  colors: Colors,
): string {
  const name = colors.bold(host);
  if (ran.result !== 'ok') return `${name}: ${colors.red('✗')} not restored: ${printable(ran.problem)}\n`;
  const kept = printable(textIn(objectIn(ran.text)?.kept) ?? '');
  const done = `${name}: ${colors.green('✓')} restored to ${restoredTo(moment, dump)}${beside ? ', beside' : ''} in ${secondsText(ran.seconds * 1000)}\n`;
  const next = beside
    ? [
        [
          'query',
          dump
            ? `its database is ${kept}, on the same server`
            : `on the host, as postgres: psql -h ${kept} ${database}`,
        ],
        ['end', 'npm run restore -- --end'],
      ]
    : [
        [
          'kept',
          `${dump ? 'a dump' : 'the data'} of before, in ${kept}; remove ${dump ? 'it' : 'them'} on the host once all is well`,
        ],
        ['next', 'npm run plan: migrations that ran after that moment are pending again; npm run backup -- --full'],
      ];
  return done + next.map(([word, text]) => `  ${colors.dim(String(word).padEnd(5))} ${text}\n`).join('');
}
