import type { Change, Plan } from './change.ts';

/** What changed on a host since the last apply, and what could not be looked at; all else of the plan is left out. */
export interface Drift {
  readonly host: string;
  /** What somebody changed or removed on the host. Those with class `change` or `prune` changed in deploy.yaml, too. */
  readonly drifted: readonly Change[];
  /** What could not be read or compared, so that nobody knows. */
  readonly unknown: readonly Change[];
  /** How many resources are as the last apply left them. */
  readonly kept: number;
}

/** The drift in a plan. A difference that follows from an edit of deploy.yaml alone is none. */
export function driftOf(plan: Plan): Drift {
  const unknown = plan.changes.filter(({ class: c }) => c === 'unknown' || c === 'unchecked');
  const drifted = plan.changes.filter((one) => isDrift(one) && !unknown.includes(one));
  return { host: plan.host, drifted, unknown, kept: plan.changes.length - drifted.length - unknown.length };
}

/** Whether a change is about something that the host changed since the last apply. */
export const isDrift = ({ class: changeClass, touched }: Change): boolean =>
  changeClass === 'drift' || touched !== undefined;
