import { createHash } from 'node:crypto';

/** One apply, as the log of applies on its host tells it. */
export interface AuditEntry {
  /** SHA-256 of the line before, without its line break; of nothing for the first. */
  readonly previous: string;
  /** When it ended, in UTC (RFC 3339). */
  readonly at: string;
  readonly transaction: string;
  /** Serial of the host's record after it. */
  readonly serial: number;
  readonly outcome: string;
  readonly seconds: number;
  readonly who: string;
  readonly commit: string;
  readonly plan: string;
  readonly run?: string;
}

/** A place where the log does not hold together, by the number of its line from 1. */
export interface AuditFlaw {
  readonly line: number;
  readonly message: string;
}

/** The log of applies of one host, and what is wrong with it. */
export interface Audit {
  readonly entries: readonly AuditEntry[];
  readonly flaws: readonly AuditFlaw[];
}

const hashOf = (line: string) => createHash('sha256').update(line).digest('hex');

/**
 * Reads what the script `audit` prints, and follows the chain: each line names the hash of the one before, serials never go
 * back, and the last one is the record's, so that a line that was changed, taken out, added or cut off at the end shows.
 * Somebody who is root on the host and knows this can write the whole log anew; against that, keep `--json` elsewhere.
 */
export function readAudit(output: string): Audit {
  const lines = output.split('\n').filter((line) => line !== '');
  const serial = Number(lines.at(-1)?.match(/^serial (\d+)$/)?.[1] ?? Number.NaN);
  const entries: AuditEntry[] = [];
  const flaws: AuditFlaw[] = [];
  let [before, last] = ['', 0];
  for (const [index, line] of lines.slice(0, -1).entries()) {
    const flaw = (message: string) => flaws.push({ line: index + 1, message });
    const entry = parse(line);
    if (!entry) flaw('it cannot be read');
    else {
      if (entry.previous !== hashOf(before))
        flaw('it does not follow from the line before: that one was changed, or one is missing');
      if (entry.serial < last) flaw(`its serial is ${entry.serial}, after ${last}`);
      entries.push(entry);
      last = entry.serial;
    }
    before = line;
  }
  if (Number.isNaN(serial)) flaws.push({ line: lines.length, message: 'the host did not say where its record is' });
  else if (serial !== last)
    flaws.push({
      line: entries.length,
      message: `it ends at serial ${last}, and the record is at ${serial}: lines are missing at the end`,
    });
  return { entries, flaws };
}

const texts = ['previous', 'at', 'transaction', 'outcome', 'who', 'commit', 'plan'] as const;

/** Whether all of it is there and of its type: a hand that added a line may have left out anything. */
const isEntry = (entry: AuditEntry): boolean =>
  texts.every((name) => typeof entry[name] === 'string') &&
  Number.isInteger(entry.serial) &&
  typeof entry.seconds === 'number' &&
  ['string', 'undefined'].includes(typeof entry.run);

function parse(line: string): AuditEntry | undefined {
  try {
    const entry = JSON.parse(line) as AuditEntry;
    return isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}
