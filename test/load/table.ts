import { cpus, release, totalmem } from 'node:os';
import type { Disk, Return } from './footprint.ts';
import { type Criterion, limited } from './judge.ts';
import type { Latency } from './latency.ts';
import { nameOf } from './options.ts';
import type { Part, Proof } from './proof.ts';

type Row = readonly string[];

/** A table in Markdown, padded so that it reads well as plain text. */
function markdown(head: Row, texts: readonly Row[]): string {
  const rows = texts.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: Row) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

const partHead = [
  'under load',
  'requests',
  'failed',
  'writes acknowledged',
  'duplicated',
  'lost',
  'there, unacknowledged',
  'before: p50, p99, max',
  'during: p50, p99, max',
] as const;

const number = (count: number) => count.toLocaleString('en-US');

const latencyText = (latency: Latency | undefined) =>
  latency ? `${[latency.p50, latency.p99, latency.max].map((time) => time.toFixed(1)).join(', ')} ms` : '';

function partRow({ what, loaded: { counts }, before, during }: Part): Row {
  const { requests, failed, acknowledged, duplicated, lost, unacknowledged } = counts;
  const counted = [requests, failed, acknowledged, duplicated, lost, unacknowledged].map(number);
  return [what, ...counted, latencyText(before), latencyText(during)];
}

const criteriaTable = (criteria: readonly Criterion[]) =>
  markdown(
    ['criterion', 'found', 'target', 'met'],
    criteria.map(({ what, found, target, met }) => [what, found, target, met ? 'yes' : 'no']),
  );

/** The tables of one combination, under its name. */
export const proofText = ({ combination, parts, criteria }: Proof): string =>
  `### ${nameOf(combination)}\n\n${markdown(partHead, parts.map(partRow))}\n\n${criteriaTable(criteria)}\n`;

/** What the numbers were taken with: without it they say nothing. */
export function machineText(): string {
  const model = cpus()[0]?.model.trim() || 'unknown CPU';
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const date = new Date().toISOString().slice(0, 10);
  return `${date}; ${cpus().length} cores (${model}), ${memory}; Linux ${release()}; clients on Node ${process.versions.node}`;
}

/** What was measured on a host without load. */
export interface Footprint {
  /** MB (a million bytes) of each idle instance. */
  readonly memory: readonly number[];
  readonly disk: Disk;
  /** How many releases the disk holds. */
  readonly releases: number;
  readonly back: Return;
}

/** What memory, disk and the way back are measured against. */
export function footprintCriteria({ memory, disk, releases, back }: Footprint): Criterion[] {
  return [
    limited('resident memory of an idle instance (the largest)', Math.max(...memory), 90, { unit: 'MB', digits: 1 }),
    limited(`${releases} releases on disk, against one`, disk.all / disk.one, 3, { unit: '×', digits: 2 }),
    limited('rollback to the first answer, without readiness', back.total - back.readiness, 1000, { unit: 'ms' }),
  ];
}

export function footprintText(footprint: Footprint): string {
  const { disk, releases, back, memory } = footprint;
  const mebibytes = (value: number) => `${value.toFixed(1)} MiB`;
  const details = markdown(
    ['measured', 'value'],
    [
      ['resident memory of each idle instance', memory.map((value) => `${value.toFixed(1)} MB`).join(', ')],
      ['one release', mebibytes(disk.one)],
      [`${releases} releases`, mebibytes(disk.all)],
      ['what the host keeps of them', mebibytes(disk.kept)],
      ['rollback, from its start on the host to the first answer of the old release', `${back.total.toFixed(0)} ms`],
      ['of that, until all instances were ready', `${back.readiness.toFixed(0)} ms`],
    ],
  );
  return `### Memory, disk, and the way back\n\n${details}\n\n${criteriaTable(footprintCriteria(footprint))}\n`;
}
