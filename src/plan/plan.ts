import type { HostManifest } from '../compile/manifest.ts';
import { type Attributes, kindFor } from '../resources/kind.ts';
import type { Observed } from '../resources/observed.ts';
import { renewalSteps } from '../resources/release.ts';
import { kindOf, nameOf, type UnitResource, unitsOf } from '../resources/resource.ts';
import type { Step } from '../resources/step.ts';
import { activationOf, type PlannedActivation } from './activation.ts';
import { keepOriginal, originalOf } from './adopt.ts';
import { causeOf } from './cause.ts';
import type { Change, Expectation, Plan, PlannedStep } from './change.ts';
import { type Decision, decide } from './decide.ts';
import { arrange, type Group } from './order.ts';
import { noPermission, type Permission } from './permission.ts';
import { guardOf, type Leaving, leavingOf } from './prune.ts';
import type { HostRecord, RecordedResource, RecordLine } from './record.ts';
import { withRenewals } from './renewal.ts';
import { baseOf, predecessorOf, type Situation, seenAt } from './situation.ts';

/**
 * Decides what brings a host from what was observed to what the manifest says, and what of the record must go.
 * Pure: the same inputs give the same plan to the byte.
 */
export function makePlan(
  manifest: HostManifest,
  observed: Observed,
  record: HostRecord,
  permission: Permission = noPermission,
): Plan {
  const situation = { manifest, observed, record, permission };
  const decided = withRenewals(manifest.resources.map((resource) => decide(resource, situation)));
  const leaving = leavingOf(situation);
  const changes = releaseCauses(manifest, [
    ...decided.map(({ change }) => change),
    ...leaving.map(({ change }) => change),
  ]);
  const byId = new Map(changes.map((change) => [change.id, change]));
  const activations = unitsOf(manifest).flatMap((unit) => activationOf(unit, manifest, observed, record, byId) ?? []);
  const groups = [
    ...decided.map((decision) => groupFor(decision, situation, activations)),
    ...leaving.map(removalGroup),
  ].filter((group) => group.steps.length > 0);
  return {
    format: 1,
    project: manifest.project,
    environment: manifest.environment,
    host: manifest.host.name,
    serial: record.serial,
    ...(observed.facts.unfinished ? { unfinished: observed.facts.unfinished } : {}),
    changes,
    activations: activations.map(({ unit, verb, reason }) => ({ unit, verb, reason })),
    steps: arrange(groups, manifest, changes, activations, observed),
    expectations: expectationsOf(decided, leaving, situation),
    ...guardOf(leaving, situation),
  };
}

/** A release changes because of the files that are part of it, or of the number of instances, or else because of its source. */
function releaseCauses(manifest: HostManifest, changes: readonly Change[]): Change[] {
  return changes.map((change) => {
    const resource = manifest.resources.find(({ id }) => id === change.id);
    if (resource?.kind !== 'release' || change.class !== 'change' || change.action !== 'update') return change;
    const parts = changes.filter(({ id, action }) => resource.parts.includes(id) && action === 'update');
    const counted = change.attributes.some(({ name }) => name === 'running') ? causeOf(manifest, 'app.instances') : [];
    const causes = [...parts.flatMap((part) => part.causes), ...counted];
    return causes.length > 0 ? { ...change, causes } : change;
  });
}

/** What the record will say of a resource. */
function recordLine({ resource, change }: Decision, { observed, record }: Situation): RecordedResource {
  const kind = kindFor(resource);
  const base = baseOf(resource, record);
  const live = kind.read(change.name, observed);
  // What was nobody's comes back by itself when the resource goes, so nothing of it has to stay. What could not be read, such as a
  // database of a server that is down, counts as made here: it goes by a token only.
  const adopted = live.state === 'present' && !kind.unclaimed?.(change.name, observed);
  const taken = change.class === 'adopt' && change.action === 'update';
  const original = base?.original ? { original: base.original } : {};
  return {
    id: resource.id,
    origin: base?.origin ?? (adopted ? 'adopted' : 'created'),
    attributes: { ...kind.desired(resource), ...kind.remembered?.(resource) } satisfies Attributes,
    ...(resource.protect ? { protect: true as const } : {}),
    ...(taken ? originalOf(resource.id, live) : original),
  };
}

/** What the record must say before a resource is changed, and what if that is undone. */
function recordLines(
  decision: Decision,
  situation: Situation,
): { readonly lines: readonly RecordLine[]; readonly undo: readonly RecordLine[] } {
  const { resource } = decision;
  const { record } = situation;
  const line = recordLine(decision, situation);
  const before = record.resources.get(resource.id);
  const predecessor = before ? undefined : predecessorOf(resource, record);
  const gone = (id: string): RecordLine => ({ id, gone: true });
  return {
    lines: predecessor ? [line, gone(predecessor.id)] : [line],
    undo: [before ?? gone(resource.id), ...(predecessor ? [predecessor] : [])],
  };
}

function groupFor(decision: Decision, situation: Situation, activations: readonly PlannedActivation[]): Group {
  const { resource, change, renews } = decision;
  const { observed } = situation;
  const kind = kindFor(resource);
  const { lines, undo } = recordLines(decision, situation);
  const activation = resource.kind === 'unit' ? activations.find(({ unit }) => unit === resource.name) : undefined;
  const place = { subject: resource.id, removal: false };
  if (activation) return { ...place, steps: activationSteps(resource as UnitResource, activation, lines, undo) };
  if (change.action === 'adopt') return { ...place, steps: [noteStep(resource.id, lines, undo)] };
  if (change.action !== 'create' && change.action !== 'update') return { ...place, steps: [] };
  const steps =
    renews && resource.kind === 'release'
      ? renewalSteps(resource)
      : kind.steps(resource, kind.read(change.name, observed), observed);
  const own = steps.map((step, index) =>
    planned(step, resource.id, index === 0 ? lines : [], [], index === 0 ? undo : []),
  );
  // The record claims a path only once its original is safe: until then, it is still in the way of the next plan.
  const kept = change.class === 'adopt' ? keepOriginal(resource.id, change.name) : [];
  return { ...place, steps: [...kept.map((step) => planned(step, resource.id, [], [], [])), ...own] };
}

const planned = (
  step: Step,
  subject: string,
  before: readonly RecordLine[],
  after: readonly RecordLine[],
  undo: readonly RecordLine[],
): PlannedStep => ({
  ...step,
  subject,
  before,
  after,
  undo,
});

function noteStep(subject: string, before: readonly RecordLine[], undo: readonly RecordLine[]): PlannedStep {
  const step: Step = {
    op: 'note',
    args: [subject],
    title: `record ${subject.replace(':', ' ')}`,
    reversible: true,
    uploads: [],
  };
  return planned(step, subject, before, [], undo);
}

function activationSteps(
  unit: UnitResource,
  activation: PlannedActivation,
  lines: readonly RecordLine[],
  undo: readonly RecordLine[],
): PlannedStep[] {
  const { verb, inputs, pending, recorded } = activation;
  const step: Step = {
    op: unit.attempted ? 'unit_attempt' : 'unit_activate',
    args: [unit.name, verb],
    title: `${verb} ${unit.name}`,
    reversible: true,
    uploads: [],
  };
  const note = (known: typeof recorded): RecordLine => ({ activation: unit.name, inputs: known });
  // With a check, the inputs are recorded after that (order.ts): until then the unit has not been seen to work.
  const after = unit.check ? [] : [note(inputs)];
  return [planned(step, unit.id, [...lines, note(pending)], after, [...undo, note(recorded)])];
}

function removalGroup({ recorded, change, steps }: Leaving): Group {
  const subject = recorded.id;
  if (change.action !== 'delete') return { subject, removal: true, steps: [] };
  const gone: RecordLine[] = [{ id: subject, gone: true }];
  if (kindOf(subject) === 'unit') gone.push({ activation: nameOf(subject), inputs: null });
  if (steps.length === 0) return { subject, removal: true, steps: [noteStep(subject, gone, [recorded])] };
  const last = steps.length - 1;
  return {
    subject,
    removal: true,
    steps: steps.map((step, i) => planned(step, subject, [], i === last ? gone : [], i === last ? [recorded] : [])),
  };
}

/** Content of each path that will change, as it was seen: what differs when the transaction begins makes the plan stale. */
function expectationsOf(
  decided: readonly Decision[],
  leaving: readonly Leaving[],
  { observed, record }: Situation,
): Expectation[] {
  // A path that held secrets until now is told by its keyed digest still.
  const seenAs = ({ resource, change }: Decision) => ({
    change,
    kind: kindOf(predecessorOf(resource, record)?.id ?? resource.id),
  });
  return [...decided.map(seenAs), ...leaving.map(({ change }) => ({ change, kind: change.kind }))]
    .filter(({ change }) => ['create', 'update', 'delete'].includes(change.action))
    .flatMap(({ change: { name }, kind }) => {
      const was = seenAt(kind, name, observed);
      return was === undefined ? [] : [{ path: name, was }];
    });
}
