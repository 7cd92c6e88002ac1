import type { Position } from '../diagnostic.ts';
import type { ResourceKind } from '../resources/resource.ts';
import type { Step } from '../resources/step.ts';
import type { RecordLine } from './record.ts';

/** What will happen to a resource. `keep` leaves in place what the file no longer names. */
export type Action = 'create' | 'update' | 'delete' | 'adopt' | 'keep' | 'none';

/**
 * Why its state is what it is, from (record, live, desired). It explains and never decides.
 * `conflict` and `unknown` stop an apply. `unchecked` is as it should be, as far as it could be compared.
 */
export type ChangeClass = 'unchanged' | 'unchecked' | 'change' | 'drift' | 'conflict' | 'adopt' | 'prune' | 'unknown';

/** A key of deploy.yaml and where it stands. */
export interface Cause extends Position {
  readonly key: string;
}

/** What will happen to one resource. A resource without a difference has a change too: `none`, with a sentence. */
export interface Change {
  readonly id: string;
  readonly kind: ResourceKind;
  readonly name: string;
  readonly action: Action;
  readonly class: ChangeClass;
  /** A sentence for people. */
  readonly reason: string;
  /** The other project on this host that has it; then it is never taken over. */
  readonly neighbour?: string;
  /** Whether deploy.yaml asks for what cannot be made of what is there; then only another deploy.yaml settles it. */
  readonly refused?: true;
  readonly causes: readonly Cause[];
  /**
   * Attributes that changed on the host since the last apply, whatever deploy.yaml says now. Empty for one that was removed there
   * (`class` drift, `action` create) and left out where nothing changed.
   */
  readonly touched?: readonly string[];
  /** Set for what left the file and stays, but goes when its token is given. */
  readonly removable?: true;
  /** What `--remove` takes to remove it (tokens.ts). */
  readonly token?: string;
  /** Attributes that differ; `before` is undefined where there was nothing. */
  readonly attributes: readonly { readonly name: string; readonly before?: string; readonly after?: string }[];
  /** Text before and after, for text files whose content differs and could be read. */
  readonly text?: {
    readonly before: string;
    readonly after: string;
    readonly lineKeys: readonly (readonly string[])[];
  };
  /** What is on the host in place of a text that differs, where that is no text or too long to be sent along. */
  readonly opaque?: { readonly bytes: number; readonly sha256: string };
}

/** A plan that would remove most of what the project has on a host: nothing is done until its token is given. */
export interface PruneGuard {
  readonly removes: number;
  readonly of: number;
  /** Whether the token was given. */
  readonly allowed: boolean;
  /** What `--prune` takes to allow it (tokens.ts). */
  readonly token?: string;
}

/** A unit that will take up its changed inputs. */
export interface Activation {
  readonly unit: string;
  readonly verb: 'start' | 'reload' | 'restart';
  /** A sentence for people, naming the inputs that changed. */
  readonly reason: string;
}

/** A step in its place: what it belongs to, and what the record must say before, after, and when it is undone. */
export interface PlannedStep extends Step {
  readonly subject: string;
  readonly before: readonly RecordLine[];
  readonly after: readonly RecordLine[];
  readonly undo: readonly RecordLine[];
}

/** What a path must still be when the transaction begins; otherwise the plan is stale. */
export interface Expectation {
  readonly path: string;
  /** SHA-256 of its content, or `absent`. */
  readonly was: string;
}

/**
 * All that an apply will do to one host, and nothing else. Pure data: two plans of the same state are equal to the byte.
 * Apply walks `steps`; everything else is for people.
 */
export interface Plan {
  readonly format: 1;
  readonly project: string;
  readonly environment: string;
  readonly host: string;
  /** Serial of the record that the plan was made from. */
  readonly serial: number;
  /** Id of a transaction that was begun and has not ended; what it left open is part of this plan. */
  readonly unfinished?: string;
  readonly changes: readonly Change[];
  readonly activations: readonly Activation[];
  readonly steps: readonly PlannedStep[];
  readonly expectations: readonly Expectation[];
  /** Set when it removes most of what the project has (prune.ts). */
  readonly guard?: PruneGuard;
}

/** How many changes of each action a plan holds. */
export function countActions(plan: Plan): Record<Action, number> {
  const counts: Record<Action, number> = { create: 0, update: 0, delete: 0, adopt: 0, keep: 0, none: 0 };
  for (const { action } of plan.changes) counts[action] += 1;
  return counts;
}

/** How many resources will not be as they were, or not be recorded as they were. */
export function countChanges(plan: Plan): number {
  const { none: _none, keep: _keep, ...counts } = countActions(plan);
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Resources whose state is not known. They are never counted as unchanged. */
export const unread = (plan: Plan): Change[] => plan.changes.filter((change) => change.class === 'unknown');

/** Whether it removes too much to be done without its token. */
export const isGuarded = ({ guard }: Plan): boolean => guard !== undefined && !guard.allowed;

/** Steps that come last: the old release is drained, and an upgraded server takes writes. Nothing that could fail comes after them. */
export const isFinishing = (op: Step['op']): boolean => op === 'release_drain' || op === 'postgres_open';

/** Steps that cannot be put back once they are done. Those that come last are none of them. */
export const irreversible = (plan: Plan): PlannedStep[] =>
  plan.steps.filter(({ reversible, op }) => !reversible && !isFinishing(op));

/** Whether an apply would do anything. */
export const isEmpty = (plan: Plan): boolean => plan.steps.length === 0 && blockers(plan).length === 0;

/** Whether nothing stops an apply. */
export const isApplicable = (plan: Plan): boolean => blockers(plan).length === 0 && !isGuarded(plan);

/** Changes that must be settled before anything is applied. */
export const blockers = (plan: Plan): Change[] =>
  plan.changes.filter(
    (change) => change.class === 'conflict' || (change.class === 'unknown' && change.action === 'none'),
  );
