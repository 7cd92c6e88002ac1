import { type Diagnostic, printable } from '../diagnostic.ts';
import { type Change, isEmpty } from '../plan/change.ts';
import { driftOf } from '../plan/drift.ts';
import { plural } from './diagnostics.ts';
import {
  attributesOf,
  blockedText,
  causesText,
  confirmText,
  countTexts,
  cut,
  differenceLines,
  guardText,
  type HashedPlan,
  isBlocking,
  isWorthSaying,
  noReturnText,
  opaqueText,
  shortHash,
  unfinishedText,
  upgradeText,
} from './plan-parts.ts';

/** Characters that a report may have: GitHub takes 65,536 of a comment, and a workflow may add some of its own. */
const MAX_CHARACTERS = 60_000;

/** Kept free for the sentence that says what was left out. */
const RESERVE = 300;

/** What a report is about. */
export interface MarkdownInput {
  readonly environment: string;
  readonly plans: readonly HashedPlan[];
  readonly diagnostics: readonly Diagnostic[];
  /** What the exit code of the command means. */
  readonly exit: string;
  /** Whether only drift is reported. */
  readonly drift: boolean;
}

/** Characters without a picture, such as those that turn the direction of writing, would show something else than there is. */
const visible = (line: string): string => printable(cut(line)).replaceAll(/\p{Cf}/gu, '·');

/**
 * Text as Markdown shows it, whatever it is: punctuation becomes character references (CommonMark, 6.2), so that nothing is markup,
 * HTML or a link, and a mark that GitHub takes for a mention or an issue is parted from what follows.
 */
export const escapeMarkdown = (text: string): string =>
  visible(text)
    .replaceAll(/[^\p{L}\p{N} ,./;()?%'\u00b7\u2192\u2026-]/gu, (character) => `&#${character.codePointAt(0)};`)
    .replaceAll(/&#(?:64|35);/g, (mark) => `${mark}&#8203;`);

/** Lines in a fence that is longer than any in them. */
export function fenced(lines: readonly string[], language: string): string[] {
  const runs = lines.join('\n').match(/`{3,}/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return [`${fence}${language}`, ...lines, fence];
}

/** Parts of one host's report, so that the least important ones can be left out. */
interface HostPart {
  readonly head: string;
  readonly rows: readonly string[];
  readonly details: readonly string[];
  readonly foot: string;
}

/** Plans of all hosts of an environment, for a comment on a pull request; at most 60,000 characters. */
export function planMarkdown(input: MarkdownInput): string {
  const title = `## ${input.drift ? 'Drift' : 'Plan'} of ${escapeMarkdown(input.environment)}\n`;
  const end = `\n${escapeMarkdown(input.exit)}\n`;
  const hosts = input.plans.map((one) => (input.drift ? driftPart(one) : planPart(one)));
  return fitted(hosts, title, input.diagnostics.map(problemLine), end);
}

const problemLine = ({ subject, at, message, fix }: Diagnostic) =>
  `\n**${escapeMarkdown(at ? `${at.file}:${at.line}` : (subject ?? ''))}**: ${escapeMarkdown(message)}. To mend it: ${escapeMarkdown(fix)}\n`;

function planPart(hashed: HashedPlan): HostPart {
  const { plan, hash } = hashed;
  const [blocked, guard, noReturn] = [blockedText(plan), guardText(plan), noReturnText(plan)];
  const counts = `${blocked ? `${blocked}; ` : isEmpty(plan) ? 'nothing to do, ' : ''}${countTexts(plan).join(', ')}`;
  const notes = [unfinishedText(hashed), guard, upgradeText(plan), confirmText(plan), noReturn].filter(
    (note) => note !== undefined,
  );
  const activations = plan.activations.map(({ unit, verb, reason }) => row(verb, `unit ${unit}`, reason, ''));
  const changes = plan.changes.filter(isWorthSaying);
  return {
    head: `\n### ${escapeMarkdown(plan.host)}\n\n${escapeMarkdown(counts)}\n`,
    rows: [...changes.map(changeRow), ...activations],
    details: changes.flatMap(detail),
    foot: `${notes.map((note) => `\n${escapeMarkdown(note)}\n`).join('')}\nPlan hash: \`${shortHash(hash)}\`\n`,
  };
}

function driftPart({ plan, hash }: HashedPlan): HostPart {
  const { drifted, unknown, kept } = driftOf(plan);
  const counts = `${drifted.length} changed on the host since the last apply, ${unknown.length} not known, ${kept} as the last apply left them, or changed only in deploy.yaml`;
  const changes = [...drifted, ...unknown];
  return {
    head: `\n### ${escapeMarkdown(plan.host)}\n\n${escapeMarkdown(counts)}\n`,
    rows: changes.map(changeRow),
    details: changes.flatMap(detail),
    foot: `\nPlan hash: \`${shortHash(hash)}\`\n`,
  };
}

const row = (...cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |\n`;

const tableHead = '\n| | what | why | cause |\n|---|---|---|---|\n';

function changeRow(change: Change): string {
  const drift = change.class === 'drift' ? ' (drift)' : change.class === 'unknown' ? ' (not known)' : '';
  const token = change.token ? `; to remove it: --remove ${change.token}` : '';
  const word = isBlocking(change) ? 'settle first' : change.action === 'none' ? 'not compared' : change.action;
  const name = `${change.kind} ${change.name}`;
  return row(`${word}${drift}`, name, `${change.reason}${token}`, causesText(change.causes));
}

/** What differs of one resource, folded up. */
function detail(change: Change): string[] {
  const opaque = opaqueText(change);
  const attributes = attributesOf(change).map(({ name, before, after }) => `${name}: ${before} → ${after}`);
  const lines = [...attributes, ...(opaque ? [opaque] : [])].map(visible);
  const difference = differenceLines(change).map(visible);
  if (lines.length + difference.length === 0) return [];
  const summary = `<details><summary>${escapeMarkdown(`${change.kind} ${change.name}`)}</summary>`;
  const blocks = lines.length > 0 ? ['', ...fenced(lines, '')] : [];
  const diffs = difference.length > 0 ? ['', ...fenced(difference, 'diff')] : [];
  return [`\n${[summary, ...blocks, ...diffs, '', '</details>'].join('\n')}\n`];
}

/** As much as fits: what went wrong, every host's head, then rows, then details, each in the order of the hosts. */
function fitted(hosts: readonly HostPart[], title: string, problems: readonly string[], end: string): string {
  let room = MAX_CHARACTERS - RESERVE - title.length - end.length;
  const take = (text: string): boolean => {
    if (text.length > room) return false;
    room -= text.length;
    return true;
  };
  const said = problems.filter(take);
  const shown = hosts.filter(({ head, foot }) => take(head + tableHead + foot));
  const rows = shown.map((host) => host.rows.filter(take));
  const details = shown.map((host) => host.details.filter(take));
  const parts = shown.map(({ head, foot }, index) => {
    const table = rows[index]?.join('') ?? '';
    return `${head}${table ? tableHead : ''}${table}${details[index]?.join('') ?? ''}${foot}`;
  });
  const total = (lists: readonly (readonly string[])[]) => lists.reduce((sum, list) => sum + list.length, 0);
  const missing = [
    [problems.length - said.length, 'problem'],
    [hosts.length - shown.length, 'host'],
    [total(hosts.map((host) => host.rows)) - total(rows), 'row'],
    [total(hosts.map((host) => host.details)) - total(details), 'difference'],
  ] as const;
  return [title, ...parts, ...said, leftOut(missing), end].join('');
}

/** A sentence about what had no room, so that nobody takes a part for the whole. */
function leftOut(missing: readonly (readonly [number, string])[]): string {
  const parts = missing.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
  return parts.length > 0
    ? `\nLeft out, because a comment has no room for more: ${parts.join(', ')}. \`npm run plan\` shows all.\n`
    : '';
}
