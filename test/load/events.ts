import type { Window } from './latency.ts';

/** One line of `apply --json` or `rollback --json` (docs/events.md), as far as this test reads it. */
export interface Told {
  readonly type: string;
  /** RFC 3339. */
  readonly time: string;
  readonly title?: string;
  readonly transaction?: string;
  readonly milliseconds?: number;
}

export const eventsOf = (stdout: string): Told[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Told);

/** The steps that begin and end a switch: before the first the host is as it was, after the second the old slot has stopped. */
const first = /^start release /;
const last = /^stop what the live slot does not need/;

const at = (events: readonly Told[], type: string, title: RegExp): Told | undefined =>
  events.find((event) => event.type === type && title.test(event.title ?? ''));

/**
 * When a switch was at work, from the start of the new instances to the end of the old ones, as the client was told.
 *
 * @throws Error when the events have no whole switch.
 */
export function switchWindow(events: readonly Told[]): Window {
  const [begun, done] = [at(events, 'step', first), at(events, 'done', last)];
  if (!begun || !done) throw new Error('the command told of no switch');
  return { from: Date.parse(begun.time), to: Date.parse(done.time) };
}

/** How long the instances of a release took to get ready, in milliseconds. @throws Error when none were started. */
export function readinessOf(events: readonly Told[]): number {
  const done = at(events, 'done', first);
  if (done?.milliseconds === undefined) throw new Error('the command told of no release that got ready');
  return done.milliseconds;
}

/** The id of the transaction. @throws Error when none was begun. */
export function transactionOf(events: readonly Told[]): string {
  const id = events.find(({ type }) => type === 'begin')?.transaction;
  if (!id) throw new Error('the command began no transaction');
  return id;
}
