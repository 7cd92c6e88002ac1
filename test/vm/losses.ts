import { readRecord } from '../../src/plan/record.ts';
import type { DiskState } from './disk.ts';

/** What a disk has to be judged by. */
export interface Expectation {
  /** The disk before the apply, with everything written to it. */
  readonly before: DiskState;
  /** The disk after it. */
  readonly after: DiskState;
  /** How many lines of the journal the executor knew to be on disk. */
  readonly lines: number;
  /** Folder of the transaction on the host. */
  readonly folder: string;
}

const home = '/var/lib/fairlead/notes';

/** Backups that useradd(8) and groupadd(8) make for people, and locks. */
const volatile = /^\/etc\/((passwd|group|shadow|gshadow)-|\.pwd\.lock|\.updated)$/;

/** It is there only while packages are installed, and says no to every start; an empty one would do that for ever. */
const policy = '/usr/sbin/policy-rc.d';

/** What is still being written, and goes when the transaction is put back. */
const temporary = /\.fairlead[.-]|\.new(\/|$)/;

const isProjects = (path: string) => !path.startsWith('/var/lib/fairlead/') && !volatile.test(path);

/** Says, one sentence each, what a power cut has lost that it must not lose; an empty list is what should be. */
export function lossesOf(disk: DiskState, expected: Expectation): string[] {
  return [
    ...tornFiles(disk, expected),
    ...lostLines(disk, expected),
    ...brokenRecord(disk),
    ...lostWork(disk, expected),
  ];
}

/** Each file is as it was or as it was to be: never empty, never cut off, never gone. */
function tornFiles(disk: DiskState, { before, after }: Expectation): string[] {
  const paths = new Set([...disk.entries.keys(), ...before.entries.keys(), ...after.entries.keys()]);
  return [...paths].filter(isProjects).flatMap((path) => {
    const found = disk.entries.get(path);
    if (path === policy && found !== emptyFile) return [];
    if (found === before.entries.get(path) || found === after.entries.get(path) || temporary.test(path)) return [];
    return [found ? `${path} is neither old nor new${sizeHint(found)}` : `${path} is gone`];
  });
}

const emptyFile = 'file e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const sizeHint = (entry: string) => (entry === emptyFile ? ' but empty' : '');

const transactionOf = (disk: DiskState): string | undefined => {
  const link = disk.entries.get(`${home}/unfinished`);
  return link && `${home}/${link.slice('link '.length)}`;
};

const linesOf = (text = '') => text.split('\n').slice(0, -1);

/** What the journal says to be begun or done is what decides what a recovery does. */
function lostLines(disk: DiskState, { lines, folder, after }: Expectation): string[] {
  const journal = linesOf(disk.texts.get(`${folder}/journal`));
  const complaints = journal.length < lines ? [`the journal has ${journal.length} lines of ${lines}`] : [];
  if (lines < 2 || journal.some((line) => line.startsWith('end '))) return complaints;
  if (transactionOf(disk) !== folder) return [...complaints, 'nothing says that an apply is unfinished'];
  return complaints.concat(
    ['executor.sh', 'steps', 'project']
      .filter((name) => disk.entries.get(`${folder}/${name}`) !== after.entries.get(`${folder}/${name}`))
      .map((name) => `${name} of the transaction is not whole`),
  );
}

function brokenRecord(disk: DiskState): string[] {
  const text = disk.texts.get(`${home}/record.jsonl`);
  try {
    readRecord(text ?? '', 0, 'web-1');
    return [];
  } catch (error) {
    return [`the record cannot be read: ${(error as Error).message}`];
  }
}

/** What the journal calls done is there, and what was there before can be put back. */
function lostWork(disk: DiskState, { before, after, folder }: Expectation): string[] {
  const journal = linesOf(disk.texts.get(`${folder}/journal`));
  if (journal.some((line) => /^(undo|end) /.test(line))) return [];
  const done = journal.flatMap((line) => line.match(/^done (\d+)$/)?.[1] ?? []);
  return writes(after.texts.get(`${folder}/steps`)).flatMap(({ number, path }) => {
    if (!done.includes(number)) return [];
    const now = disk.entries.get(path);
    const complaints = now === after.entries.get(path) ? [] : [`${path} was written, and is not there as written`];
    const was = before.entries.get(path);
    const kept = disk.entries.get(`${folder}/undo/${number}/old`);
    const named = disk.texts.get(`${folder}/undo/${number}/path`);
    const isKept = named === `${path}\n` && kept === was;
    return isKept ? complaints : [...complaints, `what was at ${path} cannot be put back`];
  });
}

/** Steps that write one path each, and nobody after them does again. */
function writes(steps = ''): { number: string; path: string }[] {
  const all = linesOf(steps).map((line) => line.split('|'));
  const writing = all.filter(([, kind]) => kind === 'file' || kind === 'symlink');
  return writing.map(([number, , , , path]) => ({ number: number as string, path: path as string }));
}

/** Whether everything was ended that can be: of all steps, only packages stay. */
function isOver(ended: string, steps = ''): boolean {
  const [, outcome = '', ...staying] = ended.split(' ');
  const lines = linesOf(steps);
  if (outcome !== 'partial') return ['converged', 'rolled-back', 'failed'].includes(outcome);
  return (
    staying.length > 0 && staying.every((number) => lines[Number(number) - 1]?.startsWith(`${number}|package_install|`))
  );
}

/** Whether an apply that was cut off has been ended: everything is as before, or everything as wanted, and nothing is left over. */
export function halves(disk: DiskState, { before, after, folder }: Expectation): string[] {
  const ended = linesOf(disk.texts.get(`${folder}/journal`)).at(-1) ?? 'nothing';
  const wanted = ended === 'end converged' ? after : before;
  const paths = new Set([...disk.entries.keys(), ...wanted.entries.keys()]);
  const differing = [...paths].filter(isProjects).filter((path) => disk.entries.get(path) !== wanted.entries.get(path));
  return [
    ...(isOver(ended, after.texts.get(`${folder}/steps`)) ? [] : [`the journal ends with: ${ended}`]),
    ...(transactionOf(disk) ? ['the apply is still called unfinished'] : []),
    ...differing.map((path) => `${path} is not as ${wanted === after ? 'wanted' : 'before'}`),
    ...brokenRecord(disk),
  ];
}
