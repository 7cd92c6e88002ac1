import { printable } from '../diagnostic.ts';
import { isAdoptable } from '../plan/adopt.ts';
import { type Action, type Change, isEmpty, type Plan } from '../plan/change.ts';
import { driftOf } from '../plan/drift.ts';
import type { Colors } from './colors.ts';
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

const signs: Record<Action, string> = { create: '+', update: '~', delete: '-', adopt: '=', keep: '!', none: ' ' };

const paint = (colors: Colors, action: Action): ((text: string) => string) =>
  ({
    create: colors.green,
    update: colors.yellow,
    delete: colors.red,
    adopt: colors.cyan,
    keep: colors.yellow,
    none: colors.dim,
  })[action];

/** Text files up to this many changed lines are shown in full; a whole new file is named only, since it lies in hosts/. */
const MAX_DIFF_LINES = 400;

/** A plan for people: each change with its cause, text differences, what will be reloaded, and a summary line. */
export function planText(hashed: HashedPlan, colors: Colors): string {
  const { plan, hash } = hashed;
  const lines: string[] = [];
  const unfinished = unfinishedText(hashed);
  if (unfinished) lines.push(`${colors.yellow('!')} ${printable(unfinished)}`);
  for (const change of plan.changes.filter(isWorthSaying)) lines.push(...changeLines(change, plan, colors));
  lines.push(...activationLines(plan, colors), ...warningLines(plan, colors));
  if (lines.length > 0) lines.push('');
  lines.push(summaryLine(plan, colors), colors.dim(`plan ${shortHash(hash)}`));
  return `${lines.join('\n')}\n`;
}

/** What changed on a host since the last apply, and nothing else, for people. */
export function driftText({ plan }: HashedPlan, colors: Colors): string {
  const { host, drifted, unknown, kept } = driftOf(plan);
  const lines = [...drifted, ...unknown].flatMap((change) => changeLines(change, plan, colors));
  if (lines.length > 0) lines.push('');
  const said = [
    drifted.length > 0 ? colors.magenta(`${drifted.length} changed on the host since the last apply`) : '',
    unknown.length > 0 ? colors.yellow(`${unknown.length} not known`) : '',
    drifted.length + unknown.length === 0 ? colors.green('no drift') : '',
    `${kept} as the last apply left them, or changed only in deploy.yaml`,
  ].filter(Boolean);
  lines.push(`${colors.bold(host)}: ${said.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function activationLines(plan: Plan, colors: Colors): string[] {
  const lines = plan.activations.map(
    ({ unit, verb, reason }) =>
      `${colors.magenta('↻')} ${colors.bold(printable(`${verb} ${unit}`))}  ${colors.dim(cut(printable(reason)))}`,
  );
  const reloads = lines.length === 0 && plan.steps.some(({ op }) => op === 'daemon_reload');
  return reloads ? [`${colors.magenta('↻')} ${colors.bold('systemd reloads its units')}`] : lines;
}

/** What to know before an apply: what cannot be put back, and what is refused. */
function warningLines(plan: Plan, colors: Colors): string[] {
  const guard = guardText(plan);
  const warnings = [upgradeText(plan), confirmText(plan), noReturnText(plan)].filter((text) => text !== undefined);
  return [
    ...warnings.map((text) => `${colors.yellow('⚠')} ${printable(text)}`),
    ...(guard ? [`${colors.red('✗')} ${guard}`] : []),
  ];
}

function changeLines(change: Change, plan: Plan, colors: Colors): string[] {
  const sign = signOf(change, colors);
  const label = change.class === 'drift' ? ` ${colors.magenta('drift')}` : '';
  const causes = change.causes.length > 0 ? `  ${colors.cyan(printable(causesText(change.causes)))}` : '';
  return [
    `${sign} ${colors.bold(printable(`${change.kind} ${change.name}`))}${label}${causes}`,
    `    ${cut(printable(change.reason))}`,
    ...detailLines(change, plan, colors),
    ...wayLines(change).map((line) => colors.dim(`    ${line}`)),
  ];
}

function signOf(change: Change, colors: Colors): string {
  if (isBlocking(change)) return colors.red('✗');
  const isUnsure = change.class === 'unknown' || change.class === 'unchecked';
  return isUnsure ? colors.yellow('?') : paint(colors, change.action)(signs[change.action]);
}

function detailLines(change: Change, plan: Plan, colors: Colors): string[] {
  if (change.action === 'create' && change.kind === 'file')
    return [colors.dim(`    see hosts/${plan.environment}/${plan.host}/rootfs${change.name}`)];
  const opaque = opaqueText(change);
  return [
    ...attributeLines(change, colors),
    ...(opaque ? [`    ${printable(opaque)}`] : []),
    ...diffLines(change, colors),
  ];
}

/** What to type to have it otherwise. */
function wayLines(change: Change): string[] {
  if (change.token) return [`to remove it: --remove ${change.token}`];
  if (!isAdoptable(change)) return [];
  return [`to take it over: --adopt ${printable(change.name.startsWith('/') ? change.name : change.id)}`];
}

const attributeLines = (change: Change, colors: Colors): string[] =>
  attributesOf(change).map(
    ({ name, before, after }) =>
      `    ${printable(name)}: ${colors.red(cut(printable(before)))} → ${colors.green(cut(printable(after)))}`,
  );

function diffLines(change: Change, colors: Colors): string[] {
  const lines = differenceLines(change);
  const shown = lines.slice(0, MAX_DIFF_LINES).map((line) => `    ${diffLine(printable(line), colors)}`);
  return lines.length > MAX_DIFF_LINES
    ? [...shown, colors.dim(`    … ${lines.length - MAX_DIFF_LINES} more lines`)]
    : shown;
}

function diffLine(line: string, colors: Colors): string {
  if (line.startsWith('+++') || line.startsWith('---')) return colors.bold(line);
  if (line.startsWith('@@')) return colors.cyan(line);
  if (line.startsWith('+')) return colors.green(line);
  return line.startsWith('-') ? colors.red(line) : line;
}

function summaryLine(plan: Plan, colors: Colors): string {
  const [host, blocked, counts] = [colors.bold(plan.host), blockedText(plan), countTexts(plan).join(', ')];
  if (blocked) return `${host}: ${colors.red(`${blocked} (✗)`)}; ${counts}`;
  return isEmpty(plan) ? `${host}: ${colors.green('nothing to do')}, ${counts}` : `${host}: ${counts}`;
}
