import { type Kind, kindNamed } from '../resources/kind.ts';
import type { Observed } from '../resources/observed.ts';
import { serverUnit } from '../resources/postgres-cluster.ts';
import { isEntry, kindOf, nameOf, type ResourceKind } from '../resources/resource.ts';
import type { Step } from '../resources/step.ts';
import { restoreOriginal } from './adopt.ts';
import type { Change, PruneGuard } from './change.ts';
import { touchedSince } from './classify.ts';
import type { RecordedResource } from './record.ts';
import { predecessorOf, type Situation } from './situation.ts';

/** What becomes of a resource that the file no longer names. */
export interface Leaving {
  readonly recorded: RecordedResource;
  readonly change: Change;
  readonly steps: readonly Step[];
  /** Whether it goes only because a token asks for it. */
  readonly asked?: true;
}

/**
 * Dependants first: what runs, before the data that it works on; what is in a folder, before the folder; then the accounts that
 * owned all that, and last the programs.
 */
const removalOrder: readonly string[] = [
  'release',
  'unit',
  'postgres-database',
  'postgres-role',
  'postgres-cluster',
  'symlink',
  'secret-file',
  'file',
  'secret',
  'directory',
  'user',
  'group',
  'package',
] satisfies ResourceKind[];

/** By kind, those that would be left with an owner, or a server, that is gone. */
const dependantsOf: Readonly<Record<string, readonly string[]>> = {
  user: ['release', 'unit'],
  group: ['release', 'unit', 'user'],
  'postgres-role': ['postgres-database'],
  'postgres-cluster': ['postgres-role', 'postgres-database'],
  'package:postgresql': ['postgres-role', 'postgres-database', 'postgres-cluster'],
};

/** What becomes of all that the record has and the manifest has not, in the order in which it goes. */
export function leavingOf(situation: Situation): Leaving[] {
  const { manifest, record } = situation;
  const wanted = new Set(manifest.resources.map(({ id }) => id));
  const replaced = new Set(
    manifest.resources.filter(({ id }) => !record.resources.has(id)).map((one) => predecessorOf(one, record)?.id),
  );
  const rank = ({ recorded }: Leaving) => removalOrder.indexOf(kindOf(recorded.id));
  const inOrder = [...record.resources.values()]
    .filter(({ id }) => !wanted.has(id) && !replaced.has(id))
    .map((recorded) => leave(recorded, situation))
    .reverse()
    .sort((a, b) => rank(a) - rank(b));
  return withDependants(inOrder);
}

function leave(recorded: RecordedResource, situation: Situation): Leaving {
  const { id, protect } = recorded;
  const kind = kindNamed(kindOf(id));
  if (!kind) return stays(recorded, 'this version does not know its kind, so it stays');
  const live = kind.read(nameOf(id), situation.observed);
  if (live.state === 'absent') return decided(recorded, ['delete', 'prune', 'it is gone already']);
  if (protect) {
    const way = 'put it back, apply once without its entry in protect, then remove it';
    return stays(recorded, `it stays, because it is protected: ${way}`);
  }
  if (isFormerServer(id, situation))
    return decided(recorded, ['delete', 'prune', 'the server of the other version took its place']);
  const leaving = goOrStay(recorded, kind, situation);
  return live.state === 'unknown' && !kind.selfChecking && leaving.steps.length > 0
    ? decided(recorded, ['none', 'unknown', `its state could not be read: ${live.because}`])
    : leaving;
}

/** Whether it is the server whose data an upgrade moves to another version, or that went back to others: the upgrade itself ends it. */
const isFormerServer = (id: string, { manifest }: Situation): boolean =>
  manifest.resources.some(
    (one) =>
      one.kind === 'postgres-cluster' && one.from !== undefined && id === `unit:${serverUnit(one.name, one.from)}`,
  );

function goOrStay(recorded: RecordedResource, kind: Kind, { observed, permission }: Situation): Leaving {
  const { id, origin, original, attributes } = recorded;
  const { steps, retained } = kind.remove(nameOf(id), attributes);
  const neighbour = isEntry(kindOf(id)) ? observed.facts.neighbours?.get(nameOf(id)) : undefined;
  if (neighbour !== undefined)
    return stays(recorded, `it stays, because the project ${neighbour} on this host has it, too`);
  if (origin === 'adopted' && !original && kindOf(id) !== 'unit')
    return stays(recorded, 'it stays, because it was there before this project');
  if (!retained) {
    const reason = original ? 'what was there before comes back' : 'it is removed';
    return goes(recorded, kind, reason, original ? restoreOriginal(kind, recorded, observed) : steps, observed);
  }
  return permission.remove.includes(id)
    ? { ...goes(recorded, kind, `it is removed as asked: ${retained}`, steps, observed), asked: true }
    : stays(recorded, `it stays: ${retained}`, { removable: true });
}

/** A removal, which says so when somebody's edits go with it. */
function goes(
  recorded: RecordedResource,
  kind: Kind,
  reason: string,
  steps: readonly Step[],
  observed: Observed,
): Leaving {
  const live = kind.read(nameOf(recorded.id), observed);
  const { touched } = live.state === 'present' ? touchedSince(recorded, live.value) : {};
  if (!touched) return decided(recorded, ['delete', 'prune', reason], { steps });
  const said = `${reason}; what changed on the host since the last apply goes with it (${touched.join(', ')})`;
  return decided(recorded, ['delete', 'prune', said], { steps, more: { touched } });
}

const stays = (recorded: RecordedResource, reason: string, more: Partial<Change> = {}): Leaving =>
  decided(recorded, ['keep', 'prune', reason], { more });

function decided(
  recorded: RecordedResource,
  [action, changeClass, reason]: readonly [Change['action'], Change['class'], string],
  { steps = [], more = {} }: { readonly steps?: readonly Step[]; readonly more?: Partial<Change> } = {},
): Leaving {
  const { id } = recorded;
  const said = { action, class: changeClass, reason: `deploy.yaml no longer names it; ${reason}` };
  const change: Change = { id, kind: kindOf(id), name: nameOf(id), ...said, causes: [], attributes: [], ...more };
  return { recorded, change, steps };
}

/** What was asked to go stays, and says so, while something stays that needs it. Dependants come first. */
function withDependants(inOrder: readonly Leaving[]): Leaving[] {
  const settled: Leaving[] = [];
  for (const one of inOrder) {
    const names = settled
      .filter(({ change, recorded }) => change.action === 'keep' && needs(recorded, one.recorded))
      .map(({ change }) => `${change.kind} ${change.name}`);
    const why = `it stays, because ${names.join(' and ')} needs it: remove that, too`;
    settled.push(one.asked && names.length > 0 ? stays(one.recorded, why, { removable: true }) : one);
  }
  return settled;
}

/** Packages of PostgreSQL end in a version, such as postgresql-15. */
const needs = (dependant: RecordedResource, { id }: RecordedResource) =>
  (dependantsOf[kindOf(id)] ?? dependantsOf[id.replace(/-\d+$/, '')] ?? []).includes(kindOf(dependant.id));

/** Fewer removals than this are looked at one by one. */
const FEW = 5;

/**
 * Guards against a manifest that lost its resources: a wrong file, a wrong host or an empty section. The share is fixed at one half,
 * because a limit that can be set is one that is set too high.
 */
export function guardOf(
  leaving: readonly Leaving[],
  { record, permission }: Situation,
): { readonly guard?: PruneGuard } {
  const removes = leaving.filter(({ change, steps }) => change.action === 'delete' && steps.length > 0).length;
  const of = record.resources.size;
  const everything = removes > 0 && leaving.length === of;
  const most = removes >= FEW && removes * 2 > of;
  return everything || most ? { guard: { removes, of, allowed: permission.prune } } : {};
}
