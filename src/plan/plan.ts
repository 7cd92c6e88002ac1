import type { HostManifest } from '../compile/manifest.ts';
import { type Attributes, kindFor, kindNamed } from '../resources/kind.ts';
import { lookUp, type Observed } from '../resources/observed.ts';
import { kindOf, nameOf, type Resource, type UnitResource } from '../resources/resource.ts';
import type { Step } from '../resources/step.ts';
import { activationOf, type PlannedActivation } from './activation.ts';
import { causeOf, causesOf } from './cause.ts';
import type { Change, Expectation, Plan, PlannedStep } from './change.ts';
import { classify, type Verdict } from './classify.ts';
import { arrange, type Group } from './order.ts';
import type { HostRecord, RecordedResource, RecordLine } from './record.ts';

/**
 * Decides what brings a host from what was observed to what the manifest says, and what of the record must go.
 * Pure: the same three inputs give the same plan to the byte.
 */
export function makePlan(manifest: HostManifest, observed: Observed, record: HostRecord): Plan {
  const decided = manifest.resources.map((resource) => decide(resource, manifest, observed, record));
  const leaving = [...record.resources.values()].filter(
    ({ id }) => !manifest.resources.some((resource) => resource.id === id),
  );
  const pruned = leaving.map((recorded) => prune(recorded, observed)).reverse();
  const changes = releaseCauses(manifest, [
    ...decided.map(({ change }) => change),
    ...pruned.map(({ change }) => change),
  ]);
  const byId = new Map(changes.map((change) => [change.id, change]));
  const activations = manifest.resources
    .filter((resource): resource is UnitResource => resource.kind === 'unit')
    .flatMap((unit) => activationOf(unit, manifest, observed, record, byId) ?? []);
  const groups = [
    ...decided.map(({ resource, change, verdict }) =>
      groupFor(resource, change, verdict, observed, record, activations),
    ),
    ...pruned.map(({ recorded, change, steps }) => removalGroup(recorded, change, steps)),
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
    expectations: expectationsOf(changes, observed),
  };
}

interface Decision {
  readonly resource: Resource;
  readonly change: Change;
  readonly verdict: Verdict;
}

function decide(resource: Resource, manifest: HostManifest, observed: Observed, record: HostRecord): Decision {
  const kind = kindFor(resource);
  const name = nameOf(resource.id);
  const claimed = kind.claims && !kind.unclaimed?.(name, observed);
  const base = record.resources.get(resource.id);
  const compared = classify(kind, kind.desired(resource), kind.read(name, observed), base, claimed);
  const verdict = withoutValue(compared, kind.unchecked?.(resource));
  const text = textOf(resource, verdict, observed);
  const edited = verdict.action === 'update' && verdict.class === 'change';
  const causes = edited ? causesOf(manifest, resource, text) : causeOf(manifest, resource.origin);
  const { action, class: changeClass, reason, attributes } = verdict;
  const change = { id: resource.id, kind: resource.kind, name, action, class: changeClass, reason, causes, attributes };
  return { resource, verdict, change: text ? { ...change, text } : change };
}

/** A resource that is as it should be, but for a content that could not be compared. */
const withoutValue = (verdict: Verdict, because: string | undefined): Verdict =>
  because === undefined || verdict.class !== 'unchanged'
    ? verdict
    : { ...verdict, class: 'unchecked', reason: `was not compared: ${because}` };

/** Text before and after, when the live content differs and was small enough to be sent along. */
function textOf(resource: Resource, verdict: Verdict, observed: Observed): Change['text'] {
  if (resource.kind !== 'file' || verdict.action === 'adopt') return undefined;
  if (verdict.action === 'create') return { before: '', after: resource.content, lineKeys: resource.lines };
  const live = lookUp(observed.paths, resource.path);
  if (live.state !== 'present' || live.value.content === undefined) return undefined;
  if (!verdict.attributes.some(({ name }) => name === 'content')) return undefined;
  return { before: live.value.content, after: resource.content, lineKeys: resource.lines };
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

function recordLine(resource: Resource, origin: RecordedResource['origin']): RecordedResource {
  const kind = kindFor(resource);
  const attributes: Attributes = { ...kind.desired(resource), ...kind.remembered?.(resource) };
  return { id: resource.id, origin, attributes };
}

function groupFor(
  resource: Resource,
  change: Change,
  verdict: Verdict,
  observed: Observed,
  record: HostRecord,
  activations: readonly PlannedActivation[],
): Group {
  const kind = kindFor(resource);
  const before = record.resources.get(resource.id);
  const wasThere =
    verdict.attributes.length === 0 || verdict.attributes.some((attribute) => attribute.before !== undefined);
  // What was nobody's comes back by itself when the resource goes, so nothing of it has to stay.
  const adopted = wasThere && !kind.unclaimed?.(change.name, observed);
  const line = recordLine(resource, before?.origin ?? (adopted ? 'adopted' : 'created'));
  const undo: RecordLine[] = [before ?? { id: resource.id, gone: true }];
  const activation = resource.kind === 'unit' ? activations.find(({ unit }) => unit === resource.name) : undefined;
  const place = { subject: resource.id, removal: false };
  if (activation) return { ...place, steps: activationSteps(resource as UnitResource, activation, line, undo) };
  if (change.action === 'adopt') return { ...place, steps: [noteStep(resource.id, [line], undo)] };
  if (change.action !== 'create' && change.action !== 'update') return { ...place, steps: [] };
  const steps = kind.steps(resource, kind.read(change.name, observed), observed);
  return {
    ...place,
    steps: steps.map((step, index) =>
      planned(step, resource.id, index === 0 ? [line] : [], [], index === 0 ? undo : []),
    ),
  };
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
  line: RecordLine,
  undo: readonly RecordLine[],
): PlannedStep[] {
  const { verb, inputs } = activation;
  const step: Step = {
    op: 'unit_activate',
    args: [unit.name, verb],
    title: `${verb} ${unit.name}`,
    reversible: true,
    uploads: [],
  };
  const pending: RecordLine = { activation: unit.name, inputs: null };
  // With a check, the inputs are recorded after that (order.ts): until then the unit has not been seen to work.
  return [planned(step, unit.id, [line, pending], unit.check ? [] : [{ activation: unit.name, inputs }], undo)];
}

interface Pruned {
  readonly recorded: RecordedResource;
  readonly change: Change;
  readonly steps: readonly Step[];
}

/** What becomes of a resource that the file no longer names: it is removed, or kept with the reason. */
function prune(recorded: RecordedResource, observed: Observed): Pruned {
  const { id } = recorded;
  const name = nameOf(id);
  const kind = kindNamed(kindOf(id));
  const change = (action: Change['action'], changeClass: Change['class'], reason: string): Change => ({
    id,
    kind: kindOf(id),
    name,
    action,
    class: changeClass,
    reason: `deploy.yaml no longer names it; ${reason}`,
    causes: [],
    attributes: [],
  });
  if (!kind)
    return { recorded, change: change('keep', 'prune', 'this version does not know its kind, so it stays'), steps: [] };
  const live = kind.read(name, observed);
  if (live.state === 'absent') return { recorded, change: change('delete', 'prune', 'it is gone already'), steps: [] };
  const removal = kind.remove(name, recorded.attributes);
  if ('retained' in removal)
    return { recorded, change: change('keep', 'prune', `it stays: ${removal.retained}`), steps: [] };
  if (live.state === 'unknown')
    return { recorded, change: change('none', 'unknown', `its state could not be read: ${live.because}`), steps: [] };
  if (recorded.origin === 'adopted' && kindOf(id) !== 'unit') {
    return {
      recorded,
      change: change('keep', 'prune', 'it stays, because it was there before this project'),
      steps: [],
    };
  }
  return { recorded, change: change('delete', 'prune', 'it is removed'), steps: removal.steps };
}

function removalGroup(recorded: RecordedResource, change: Change, steps: readonly Step[]): Group {
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
function expectationsOf(changes: readonly Change[], observed: Observed): Expectation[] {
  return changes
    .filter(({ action }) => ['create', 'update', 'delete'].includes(action))
    .flatMap(({ kind, name }) => {
      const was = seenAt(kind, name, observed);
      return was === undefined ? [] : [{ path: name, was }];
    });
}

/** What was seen at the path of a text, a secret or a link, or undefined for what has no content to hash. */
function seenAt(kind: Change['kind'], path: string, observed: Observed): string | undefined {
  if (kind === 'file' || kind === 'symlink') {
    const live = lookUp(observed.paths, path);
    return live.state === 'present' ? (live.value.sha256 ?? live.value.type) : 'absent';
  }
  if (kind !== 'secret' && kind !== 'secret-file') return undefined;
  const live = lookUp(observed.secrets, path);
  if (live.state !== 'present') return 'absent';
  // A file without a digest was found on a host that has no key yet.
  return live.value.digest ?? (live.value.type === 'file' ? undefined : live.value.type);
}
