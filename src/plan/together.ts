import { step } from '../resources/step.ts';
import type { Plan, PlannedStep } from './change.ts';

/**
 * Points at which hosts that change their release together wait for each other: `staged`, when all have the release and the
 * database is ready for it; `ready`, when it runs everywhere beside the one that serves; `healthy`, when it serves everywhere.
 */
export const points = ['staged', 'ready', 'healthy'] as const;

export type Point = (typeof points)[number];

/** The point at which a host waits for the one that has its database. */
export const databasePoint = 'database';

/** The operation before which each point lies, and what people read meanwhile. */
const places: Readonly<Record<string, readonly [Point, string]>> = {
  release_ready: ['staged', 'wait until all hosts have the release'],
  release_switch: ['ready', 'wait until the release runs on all hosts'],
  release_drain: ['healthy', 'wait until the release serves on all hosts'],
};

/** What asks the database of a release first. */
const askers = ['release_migrate', 'release_ready'];

/** Seconds that a host waits at a point for the others, which may have to install packages first. Then it goes back. */
const patience = 1800;

/** Whether a plan brings another release to its host. */
export const changesRelease = ({ steps }: Plan): boolean => steps.some(({ op }) => op === 'release_switch');

/** Whether it is another release than the one that serves, and not the same with other secrets. */
export const bringsRelease = ({ changes }: Plan): boolean =>
  changes.some(
    ({ kind, action, attributes }) =>
      kind === 'release' && (action === 'create' || attributes.some(({ name }) => name === 'release')),
  );

/** The plan of a host that changes its release together with others. */
export function together(plan: Plan): Plan {
  if (!changesRelease(plan)) return plan;
  const steps = plan.steps.flatMap((one) => {
    const place = places[one.op];
    return place ? [hold(...place), one] : [one];
  });
  return { ...plan, steps };
}

/** The plan of a host whose database is on another one, which is changed in the same apply: what asks the database waits for that. */
export function afterDatabase(plan: Plan): Plan {
  const first = plan.steps.findIndex(({ op }) => askers.includes(op));
  if (first < 0) return plan;
  const wait = hold(databasePoint, 'wait until the database on its host is ready');
  return { ...plan, steps: [...plan.steps.slice(0, first), wait, ...plan.steps.slice(first)] };
}

const hold = (point: Point | typeof databasePoint, title: string): PlannedStep => ({
  ...step('hold', [point, patience], title, { reversible: true }),
  subject: 'release',
  before: [],
  after: [],
  undo: [],
});
