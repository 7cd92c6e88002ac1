import { failure } from '../diagnostic.ts';
import { digest } from '../plan/digest.ts';
import type { Backup, Backups } from './backups.ts';
import { timeOf } from './status/reading.ts';

/** What data are brought back to: a moment in seconds since 1970, or all that was archived. */
export type Moment = number | 'latest';

/**
 * Reads a moment such as `2026-11-22 10:00`, `2026-11-22T10:00:30Z` or `2026-11-22 10:00+02:00`; without an offset it is in UTC.
 *
 * @throws DiagnosticsError when it is none.
 */
export function momentIn(text: string): number {
  const parts = text.trim().match(/^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)? ?(Z|[+-]\d\d:\d\d)?$/i);
  if (parts) {
    const [, date, time, seconds = ':00', offset = 'Z'] = parts;
    const moment = Date.parse(`${date}T${time}${seconds}${offset.toUpperCase()}`);
    if (!Number.isNaN(moment)) return moment / 1000;
  }
  throw failure({
    code: 'restore.moment',
    subject: '--to',
    message: `"${text}" is no moment`,
    fix: 'write it as "2026-11-22 10:00" (in UTC) or "2026-11-22 10:00+02:00"',
  });
}

/** The moment as the host's script takes it. */
export const momentText = (moment: Moment): string =>
  moment === 'latest' ? moment : timeOf(moment).replace('T', ' ').replace('Z', '+00');

/**
 * What must be typed to have data replaced: it stands for this server, this moment, and the backup that would be restored. One that is older than the
 * newest backup was shown something else.
 */
export const restoreToken = (stanza: string, moment: Moment, { label }: Backup): string =>
  digest({ stanza, moment, label }).slice(0, 8);

/**
 * The backup from which a moment is restored: the newest whole one that ended before it or, of dumps, shows a state of before it.
 *
 * @param now seconds since 1970.
 * @throws DiagnosticsError when the moment cannot be restored.
 */
export function backupFor(host: string, { backups, from }: Backups, moment: Moment, now: number): Backup {
  const before = moment === 'latest' ? now : moment;
  const found = backups
    .filter(
      ({ damaged, former, finished, asOf }) =>
        !damaged && former === undefined && Date.parse(asOf ?? finished) / 1000 <= before,
    )
    .at(-1);
  if (found && before <= now) return found;
  throw failure({
    code: 'restore.out-of-range',
    subject: host,
    message:
      before > now ? `${timeOf(before)} is not over yet` : `no backup of ${host} reaches back to ${timeOf(before)}`,
    fix: from ? `choose a moment from ${from} on (npm run backup -- list)` : 'take a backup first: npm run backup',
  });
}
