/** What became of requests that write, by the titles of the notes that they were to make. */

/** The requests of one client that wrote, numbered from 0 in the order in which they were sent. */
export interface Writes {
  readonly client: number;
  /** How many it sent. */
  readonly sent: number;
  /** The numbers of those that were not answered as they must be. */
  readonly refused: readonly number[];
}

/** The title of a note: no two requests of a run have the same. */
export const titleOf = (run: string, client: number, number: number): string => `${run}-${client}-${number}`;

/** What the database has, held against what was acknowledged. */
export interface Kept {
  readonly acknowledged: number;
  /** Notes that are there more often than once, and how often they are too many. */
  readonly duplicated: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** There, and never acknowledged: its client does not know, and would have to ask. */
  readonly unacknowledged: number;
  /** There under a title of this run that nobody sent. */
  readonly strange: number;
}

/**
 * Compares the writes of a run with the titles in the database.
 *
 * @param rows titles of all rows of this run, one for each row.
 */
export function keptOf(run: string, writes: readonly Writes[], rows: readonly string[]): Kept {
  const times = new Map<string, number>();
  for (const title of rows) times.set(title, (times.get(title) ?? 0) + 1);
  const duplicated = rows.length - times.size;
  const counts = { acknowledged: 0, lost: 0, unacknowledged: 0, sent: 0 };
  for (const { client, sent, refused } of writes) {
    const unknown = new Set(refused);
    for (let number = 0; number < sent; number++) {
      const there = times.delete(titleOf(run, client, number));
      if (!unknown.has(number)) counts.acknowledged += 1;
      if (!unknown.has(number) && !there) counts.lost += 1;
      if (unknown.has(number) && there) counts.unacknowledged += 1;
    }
  }
  const { acknowledged, lost, unacknowledged } = counts;
  return { acknowledged, duplicated, lost, unacknowledged, strange: times.size };
}
