import { failure } from '../diagnostic.ts';
import type { Attributes } from '../resources/kind.ts';

/** One resource that this project made or took over on a host. */
export interface RecordedResource {
  readonly id: string;
  /** Whether it was there before this project; such a one is left in place when it leaves the file, or replaced by `original`. */
  readonly origin: 'created' | 'adopted';
  /** What was last applied, and what its kind wants to remember. Holds no secrets. */
  readonly attributes: Attributes;
  /** Whether it stays although the file no longer names it, until it was applied once without this. */
  readonly protect?: true;
  /**
   * Type, mode and owner of what was at its path when it was adopted. The host keeps that (executor.sh, keep_original), and it comes
   * back when the resource goes.
   */
  readonly original?: Attributes;
}

/**
 * What this project owns on a host, as `/var/lib/fairlead/<project>/record.jsonl` says. It outlives the keys of deploy.yaml.
 * `serial` counts transactions: a plan is stale when it has changed.
 */
export interface HostRecord {
  readonly serial: number;
  /** How many lines say this. */
  readonly lines: number;
  readonly resources: ReadonlyMap<string, RecordedResource>;
  /** Per unit: hashes of the inputs that it runs with, written only after its reload or restart was seen to work. */
  readonly activations: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

export const emptyRecord: HostRecord = { serial: 0, lines: 0, resources: new Map(), activations: new Map() };

/** What a record says of some resources alone. */
export const recordWithin = (record: HostRecord, ids: ReadonlySet<string>): HostRecord => ({
  ...record,
  resources: new Map([...record.resources].filter(([id]) => ids.has(id))),
});

/** A line of the record. Lines are only ever appended during a transaction; the last one about a thing counts. */
export type RecordLine =
  | { readonly format: 1 }
  | RecordedResource
  | { readonly id: string; readonly gone: true }
  | { readonly activation: string; readonly inputs: Readonly<Record<string, string>> | null };

/**
 * Reads a record. A last line without its line break was cut off by a crash and is left out: what it claimed had not begun.
 *
 * @throws DiagnosticsError when the record is from a newer version or damaged.
 */
export function readRecord(text: string, serial: number, host: string): HostRecord {
  const resources = new Map<string, RecordedResource>();
  const activations = new Map<string, Readonly<Record<string, string>>>();
  const lines = text.split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const entry = parseLine(line, index + 1, host);
    if ('format' in entry) continue;
    if ('activation' in entry) {
      if (entry.inputs) activations.set(entry.activation, entry.inputs);
      else activations.delete(entry.activation);
    } else if ('gone' in entry) resources.delete(entry.id);
    else resources.set(entry.id, entry);
  }
  return { serial, lines: lines.length, resources, activations };
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a line has what the planner takes for granted; it may have been written by a hand. */
function isRecordLine(entry: RecordLine): boolean {
  if ('format' in entry) return true;
  if ('activation' in entry)
    return typeof entry.activation === 'string' && (entry.inputs === null || isObject(entry.inputs));
  return typeof entry.id === 'string' && ('gone' in entry || isObject(entry.attributes));
}

function parseLine(line: string, number: number, host: string): RecordLine {
  try {
    const entry = JSON.parse(line) as RecordLine;
    if ('format' in entry && entry.format !== 1) throw new Error(`format ${entry.format}`);
    if (!isRecordLine(entry)) throw new Error('it is no record line');
    return entry;
  } catch (error) {
    throw failure({
      code: 'record.unreadable',
      subject: host,
      message: `line ${number} of the record on ${host} cannot be read: ${(error as Error).message}`,
      fix: 'use the version of Fairlead that wrote it, or restore record.jsonl from record.jsonl.before beside it',
    });
  }
}

/** How many lines a record may have for each thing that it says, before it is written anew. */
const mostLines = 4;

/** A record in as few lines as say the same, in the same order; undefined while it is short enough. */
export function compacted({ lines, resources, activations }: HostRecord): readonly RecordLine[] | undefined {
  if (lines <= mostLines * (resources.size + activations.size + 10)) return undefined;
  const notes = [...activations].map(([activation, inputs]) => ({ activation, inputs }));
  return [{ format: 1 }, ...resources.values(), ...notes];
}
