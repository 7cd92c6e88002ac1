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
  readonly data: string;
  /** What to type to have it done. */
  readonly command: string;
}

/** Says what would be lost and kept, and what to type. */
export function previewText({ host, moment, backup, now, data, command }: RestorePreview, colors: Colors): string {
  const facts = [
    ['from', `the ${backup.type} backup ${backup.label}, which ended at ${backup.finished}, and the log after it`],
    ['lost', lossWords(moment, now)],
    ['down', 'the database, from its stop to the end of recovery; who asks for it gets errors meanwhile'],
    ['kept', `the data of now, in ${data}.before-<now>, until you remove them; they come back if the restore fails`],
  ];
  return [
    `${colors.bold(host)}: this would replace the data of the whole server by those of ${momentWords(moment)}\n`,
    ...facts.map(([name, text]) => `  ${colors.dim(String(name).padEnd(5))} ${printable(String(text))}\n`),
    `\nNothing was changed. To do it: ${colors.bold(command)}\n`,
    'To look at them first, beside: the same with --beside instead of --replace\n',
  ].join('');
}

const momentWords = (moment: Moment) => (moment === 'latest' ? 'the end of the log' : timeOf(moment));

const lossWords = (moment: Moment, now: number): string =>
  moment === 'latest'
    ? 'what the server could not archive any more'
    : `all that was written after that moment: ${elapsedText((now - moment) * 1000)} by now`;

/** What a restore came to, and what to do next. */
export function restoredText(
  { host, moment, beside, database }: { host: string; moment: Moment; beside: boolean; database: string },
  ran: BackupRan,
  colors: Colors,
): string {
  const name = colors.bold(host);
  if (ran.result !== 'ok') return `${name}: ${colors.red('✗')} not restored: ${printable(ran.problem)}\n`;
  const kept = printable(textIn(objectIn(ran.text)?.kept) ?? '');
  const done = `${name}: ${colors.green('✓')} restored to ${momentWords(moment)}${beside ? ', beside' : ''} in ${secondsText(ran.seconds * 1000)}\n`;
  const next = beside
    ? [
        ['query', `on the host, as postgres: psql -h ${kept} ${database}`],
        ['end', 'npm run restore -- --end'],
      ]
    : [
        ['kept', `the data of before, in ${kept}; remove them on the host once all is well`],
        ['next', 'npm run plan: migrations that ran after that moment are pending again; npm run backup -- --full'],
      ];
  return done + next.map(([word, text]) => `  ${colors.dim(String(word).padEnd(5))} ${text}\n`).join('');
}
