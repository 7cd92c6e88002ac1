import { createTwoFilesPatch } from 'diff';
import { printable } from '../diagnostic.ts';
import { isForeign } from '../plan/cause.ts';
import { type Action, blockers, type Cause, type Change, countActions, isEmpty, type Plan } from '../plan/change.ts';
import type { Colors } from './colors.ts';
import { plural } from './diagnostics.ts';

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
export function planText(plan: Plan, colors: Colors): string {
  const lines: string[] = [];
  if (plan.unfinished) {
    const id = printable(plan.unfinished);
    lines.push(
      `${colors.yellow('!')} apply ${id} has not ended: it is at work, or was cut off; what it left open is below`,
    );
  }
  for (const change of plan.changes) {
    if (change.action === 'none' && change.class === 'unchanged') continue;
    lines.push(...changeLines(change, plan, colors));
  }
  for (const { unit, verb, reason } of plan.activations) {
    lines.push(`${colors.magenta('↻')} ${colors.bold(`${verb} ${unit}`)}  ${colors.dim(reason)}`);
  }
  if (plan.activations.length === 0 && plan.steps.some(({ op }) => op === 'daemon_reload')) {
    lines.push(`${colors.magenta('↻')} ${colors.bold('systemd reloads its units')}`);
  }
  if (lines.length > 0) lines.push('');
  lines.push(summaryLine(plan, colors));
  return `${lines.join('\n')}\n`;
}

function changeLines(change: Change, plan: Plan, colors: Colors): string[] {
  const blocked = change.class === 'conflict' || (change.class === 'unknown' && change.action === 'none');
  const sign = blocked ? colors.red('✗') : paint(colors, change.action)(signs[change.action]);
  const label = change.class === 'drift' ? ` ${colors.magenta('drift')}` : '';
  const lines = [
    `${sign} ${colors.bold(printable(`${change.kind} ${change.name}`))}${label}${change.causes.length > 0 ? `  ${colors.cyan(causesText(change.causes))}` : ''}`,
  ];
  lines.push(`    ${printable(change.reason)}`);
  if (change.text && change.action === 'update') return [...lines, ...diffLines(change, colors)];
  if (change.action === 'create' && change.kind === 'file') {
    return [...lines, colors.dim(`    see hosts/${plan.environment}/${plan.host}/rootfs${change.name}`)];
  }
  return [...lines, ...attributeLines(change, colors)];
}

/** The first causes; foreign lines go first, so that they are never among those that are only counted. */
function causesText(causes: readonly Cause[]): string {
  const foreign = causes.filter(({ key }) => isForeign(key));
  const ordered = [...foreign, ...causes.filter(({ key }) => !isForeign(key))];
  const shown = ordered
    .slice(0, Math.max(4, foreign.length))
    .map(({ file, line, key }) => `${file}:${line} ${key}${isForeign(key) ? ' (foreign)' : ''}`);
  return shown.join(', ') + (causes.length > shown.length ? ` and ${causes.length - shown.length} more` : '');
}

function attributeLines(change: Change, colors: Colors): string[] {
  if (change.action !== 'update') return [];
  return change.attributes
    .filter(({ before }) => before !== undefined)
    .map(
      ({ name, before = '', after = '' }) =>
        `    ${name}: ${colors.red(short(before))} → ${colors.green(short(after))}`,
    );
}

const short = (value: string) =>
  /^[0-9a-f]{64}$/.test(value) ? `sha256 ${value.slice(0, 12)}` : printable(value) || '(nothing)';

function diffLines({ name, text }: Change, colors: Colors): string[] {
  if (!text) return [];
  const patch = createTwoFilesPatch(
    `${name} (on the host)`,
    `${name} (compiled)`,
    text.before,
    text.after,
    undefined,
    undefined,
    { context: 3 },
  );
  const lines = patch.split('\n').slice(1, -1);
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
  const counts = countActions(plan);
  const parts = [
    counts.create > 0 ? `${counts.create} to create` : '',
    counts.update > 0 ? `${counts.update} to update` : '',
    counts.delete > 0 ? `${counts.delete} to remove` : '',
    counts.adopt > 0 ? `${counts.adopt} to record` : '',
    plan.activations.length > 0
      ? `${plural(plan.activations.length, 'unit')} to ${[...new Set(plan.activations.map(({ verb }) => verb))].join(' or ')}`
      : '',
    counts.keep > 0 ? `${counts.keep} left in place` : '',
  ].filter(Boolean);
  const unchanged = `${plan.changes.filter(({ class: c }) => c === 'unchanged').length} unchanged`;
  const host = colors.bold(plan.host);
  const blocked = blockers(plan).length;
  if (blocked > 0)
    return `${host}: ${colors.red(`${plural(blocked, 'conflict')} to settle before an apply (✗)`)}; ${[...parts, unchanged].join(', ')}`;
  if (isEmpty(plan)) return `${host}: ${colors.green('nothing to do')}, ${[...parts, unchanged].join(', ')}`;
  return `${host}: ${[...parts, unchanged].join(', ')}`;
}
