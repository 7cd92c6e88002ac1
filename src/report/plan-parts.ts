/** What reports of a plan have in common, whatever they are written in. */
import { createTwoFilesPatch } from 'diff';
import { isForeign } from '../plan/cause.ts';
import {
  blockers,
  type Cause,
  type Change,
  countActions,
  irreversible,
  isGuarded,
  type Plan,
  unread,
} from '../plan/change.ts';
import { plural } from './diagnostics.ts';

/** A plan with the hash that people and logs know it by. */
export interface HashedPlan {
  readonly plan: Plan;
  readonly hash: string;
  /** What to type to follow an apply that is at work on its host. */
  readonly follow: string;
}

/** As much of a hash as people read. */
export const shortHash = (hash: string): string => hash.slice(0, 12);

/** Lines of more characters than this flood a page. JSON has them whole. */
const MAX_LINE = 300;

/** A line as people read it. */
export const cut = (line: string): string => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line);

/** Whether a change stops an apply. */
export const isBlocking = (change: Change): boolean =>
  change.class === 'conflict' || (change.class === 'unknown' && change.action === 'none');

/** Whether there is something to say about a resource. */
export const isWorthSaying = ({ action, class: changeClass }: Change): boolean =>
  action !== 'none' || changeClass !== 'unchanged';

/** The first causes; foreign lines go first, so that they are never among those that are only counted. */
export function causesText(causes: readonly Cause[]): string {
  const foreign = causes.filter(({ key }) => isForeign(key));
  const ordered = [...foreign, ...causes.filter(({ key }) => !isForeign(key))];
  const shown = ordered
    .slice(0, Math.max(4, foreign.length))
    .map(({ file, line, key }) => `${file}:${line} ${key}${isForeign(key) ? ' (foreign)' : ''}`);
  return shown.join(', ') + (causes.length > shown.length ? ` and ${causes.length - shown.length} more` : '');
}

/** Attributes that tell something of a secret: people read only that they differ. */
const secretAttributes = ['value', 'secrets'];

/** Attributes that differ from what is there, with the two values; those of a text are its difference. */
export function attributesOf(
  change: Change,
): { readonly name: string; readonly before: string; readonly after: string }[] {
  if (change.action !== 'update' && change.class !== 'conflict' && !change.attributes.some(isMark)) return [];
  return change.attributes
    .filter(({ name, before }) => before !== undefined && !(name === 'content' && isShownElsewhere(change)))
    .map(({ name, before = '', after = '' }) =>
      secretAttributes.includes(name) && change.kind.startsWith('secret')
        ? { name, before: 'another', after: 'as it should be, not shown' }
        : { name, before: valueText(before), after: valueText(after) },
    );
}

/** As a difference; or nowhere, because it is somebody else's. */
const isShownElsewhere = ({ text, class: c }: Change) => text !== undefined || c === 'conflict';

const isMark = ({ name }: { readonly name: string }) => name === 'protected';

const valueText = (value: string) =>
  /^[0-9a-f]{64}$/.test(value) ? `sha256 ${value.slice(0, 12)}` : value || '(nothing)';

/** What is said of content that is no text to show. */
export const opaqueText = ({ opaque }: Change): string | undefined =>
  opaque &&
  `on the host: ${opaque.bytes.toLocaleString('en')} bytes, no text or too long to show (sha256 ${opaque.sha256.slice(0, 12)})`;

/** Lines of the difference of a text that is about to change, without the line that only underlines, each cut to a length that people read. */
export function differenceLines({ name, action, text }: Change): string[] {
  // Of what is somebody else's, nothing is shown until it is to be taken over.
  if (!text || action !== 'update') return [];
  const [before, after] = [`${name} (on the host)`, `${name} (compiled)`];
  const patch = createTwoFilesPatch(before, after, text.before, text.after, undefined, undefined, { context: 3 });
  return patch.split('\n').slice(1, -1).map(cut);
}

/** What cannot be put back once it is done, as one sentence, or undefined. */
export function noReturnText(plan: Plan): string | undefined {
  const steps = irreversible(plan);
  const first = plan.steps.findIndex((step) => steps.includes(step));
  if (first < 0) return undefined;
  return `point of no return: step ${first + 1} of ${plan.steps.length}; what cannot be put back: ${steps.map(({ title }) => title).join('; ')}`;
}

/** That a transaction has not ended, and what becomes of it, or undefined. */
export const unfinishedText = ({ plan: { unfinished }, follow }: HashedPlan): string | undefined =>
  unfinished === undefined
    ? undefined
    : `apply ${unfinished} has not ended: it is at work (${follow}), or was cut off; then the next apply first puts back what it had begun, and plans anew`;

/** That the way into the host changes, and what that means, or undefined. */
export function confirmText({ steps }: Plan): string | undefined {
  const confirm = steps.find(({ op }) => op === 'confirm');
  return (
    confirm &&
    `the way into this host changes: unless a new connection gets in within ${confirm.args[0]} s, everything is put back`
  );
}

/** That the server moves to another major version, and what that means for those who use it, or undefined. */
export function upgradeText({ steps }: Plan): string | undefined {
  const upgrade = steps.find(({ op }) => op === 'postgres_upgrade');
  if (!upgrade) return undefined;
  const [, from, to] = upgrade.args;
  const what = Number(from) < Number(to) ? 'is upgraded' : 'goes back';
  return `the server ${what} from PostgreSQL ${from} to ${to}: nobody is served while data are copied and checked, and nobody can write before the apply ends; until then a failure puts it back`;
}

/** Why a plan that removes too much is refused, and what to type, or undefined. */
export function guardText(plan: Plan): string | undefined {
  if (!plan.guard || !isGuarded(plan)) return undefined;
  const { removes, of, token } = plan.guard;
  return `this removes ${removes} of the ${plural(of, 'resource')} that the project has on this host; if that is meant, add --prune ${token}`;
}

/** What stops an apply, such as `1 conflict to settle`, or undefined. */
export function blockedText(plan: Plan): string | undefined {
  const blocking = blockers(plan);
  const conflicts = blocking.filter(({ class: c }) => c === 'conflict').length;
  const parts = [
    conflicts > 0 ? `${plural(conflicts, 'conflict')} to settle` : '',
    blocking.length > conflicts ? `${blocking.length - conflicts} to make readable` : '',
    isGuarded(plan) ? 'a mass removal to allow' : '',
  ].filter(Boolean);
  return parts.length > 0 ? `${parts.join(' and ')} before an apply` : undefined;
}

/** How many of what: nothing that could not be read or compared counts as unchanged. */
export function countTexts(plan: Plan): string[] {
  const counts = countActions({ ...plan, changes: plan.changes.filter(({ class: c }) => c !== 'unknown') });
  const unchecked = plan.changes.filter(({ class: c }) => c === 'unchecked').length;
  const verbs = [...new Set(plan.activations.map(({ verb }) => verb))].join(' or ');
  return [
    counts.create > 0 ? `${counts.create} to create` : '',
    counts.update > 0 ? `${counts.update} to update` : '',
    counts.delete > 0 ? `${counts.delete} to remove` : '',
    counts.adopt > 0 ? `${counts.adopt} to record` : '',
    plan.activations.length > 0 ? `${plural(plan.activations.length, 'unit')} to ${verbs}` : '',
    counts.keep > 0 ? `${counts.keep} left in place` : '',
    unread(plan).length > 0 ? `${unread(plan).length} not known` : '',
    unchecked > 0 ? `${unchecked} not compared` : '',
    `${plan.changes.filter(({ class: c }) => c === 'unchanged').length} unchanged`,
  ].filter(Boolean);
}
