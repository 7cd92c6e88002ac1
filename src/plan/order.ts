import type { HostManifest } from '../compile/manifest.ts';
import type { Observed } from '../resources/observed.ts';
import { kindOf, type UnitResource, unitsOf } from '../resources/resource.ts';
import { step as makeStep, type Step } from '../resources/step.ts';
import type { PlannedActivation } from './activation.ts';
import { type Activation, type Change, isFinishing, type PlannedStep } from './change.ts';
import { changesReach } from './reach.ts';
import { type Asked, judgesOf } from './validators.ts';

/** The steps of one resource. */
export interface Group {
  readonly subject: string;
  readonly removal: boolean;
  readonly steps: readonly PlannedStep[];
}

const writtenFirst = ['package', 'group', 'user', 'directory', 'secret', 'file', 'secret-file', 'symlink'];
const readyFirst = ['package', 'group', 'user', 'directory'];
const removedFirst = ['symlink', 'secret-file', 'file', 'secret', 'directory'];

/**
 * Puts the steps in the order in which they are safe: packages in one go and what the judges need; then a look at the whole
 * configuration as it will be; then all that is only written, and what left the file; then services, database and release; then
 * what may go only when all else stands, and last what is only attempted.
 */
export function arrange(
  groups: readonly Group[],
  manifest: HostManifest,
  changes: readonly Change[],
  activations: readonly PlannedActivation[],
  observed: Observed,
): PlannedStep[] {
  const steps = (which: (group: Group) => boolean) => groups.filter(which).flatMap((group) => group.steps);
  const isOf = (kinds: readonly string[]) => (group: Group) => kinds.includes(kindOf(group.subject));
  const beforehand = preparing(manifest);
  const ahead = neededAhead(manifest, beforehand);
  const isMade = (group: Group) => !group.removal && isOf(writtenFirst)(group);
  const running = steps((group) => !group.removal && !isOf(writtenFirst)(group));
  const isAttempt = (step: PlannedStep) => step.op === 'unit_attempt';
  const isLast = (step: PlannedStep) => isFinishing(step.op) || isAttempt(step);
  const isBeforehand = (step: PlannedStep) => beforehand.has(step.subject);
  const prepared = running.filter(isBeforehand);
  const judged = judgesOf(manifest, changes, activations);
  return [
    ...inOneGo(
      steps((group) => isMade(group) && ahead(group.subject)),
      manifest,
    ),
    ...(prepared.length > 0 ? daemonReload(changes, observed) : []),
    ...prepared,
    ...lookAhead(judged),
    ...steps((group) => isMade(group) && !ahead(group.subject)),
    ...steps((group) => group.removal && isOf(removedFirst)(group)),
    ...daemonReload(changes, observed),
    ...lookAgain(judged),
    ...running.filter((step) => !isLast(step) && !isBeforehand(step)),
    ...checks(manifest, changes, activations),
    ...confirmation(manifest, changes, activations),
    ...steps((group) => group.removal && !isOf(removedFirst)(group)),
    // Until here a failure can still go back to the old release, which runs until it is drained.
    ...running.filter((step) => isLast(step) && !isAttempt(step)),
    ...running.filter(isAttempt),
  ];
}

/** Units that only write what a validated configuration names, such as the placeholder of a certificate: it is not valid before. */
function preparing(manifest: HostManifest): Set<string> {
  const units = unitsOf(manifest);
  const wanted = new Set(units.filter(({ validator }) => validator).flatMap(({ needs }) => needs));
  const isWritten = (need: string) => writtenFirst.includes(kindOf(need));
  return new Set(units.filter(({ id, needs }) => wanted.has(id) && needs.every(isWritten)).map(({ id }) => id));
}

/**
 * What has to be there before the configuration can be judged: the programs that judge it, accounts and folders that it names,
 * what ends an apply that is cut off, and all that these and the preparing units need themselves.
 */
function neededAhead({ resources }: HostManifest, beforehand: ReadonlySet<string>): (id: string) => boolean {
  const byId = new Map(resources.map((resource) => [resource.id, resource]));
  const found = new Set<string>();
  const add = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    for (const need of byId.get(id)?.needs ?? []) add(need);
  };
  for (const { id, kind, first } of resources) if (first || readyFirst.includes(kind) || beforehand.has(id)) add(id);
  return (id) => found.has(id);
}

/**
 * All packages in one transaction of apt, after what they need, but those that wait for a source that comes with another package: it resolves them
 * together and takes its lock once.
 */
function inOneGo(steps: readonly PlannedStep[], { resources }: HostManifest): PlannedStep[] {
  const needed = needsOf(resources);
  const waits = ({ subject }: PlannedStep) => [...needed(subject)].some((id) => kindOf(id) === 'package');
  const installs = steps.filter((step) => step.op === 'package_install' && !waits(step));
  const first = installs[0];
  if (!first || installs.length === 1) return [...steps];
  const before = new Set(installs.flatMap(({ subject }) => [...needed(subject)]));
  const names = installs.flatMap(({ args }) => args);
  const merged: PlannedStep = {
    ...first,
    args: names,
    title: `install packages ${names.join(', ')}`,
    before: installs.flatMap((step) => step.before),
    undo: installs.flatMap(({ undo }) => undo),
  };
  const others = steps.filter((step) => !installs.includes(step));
  const isBefore = ({ subject }: PlannedStep) => before.has(subject);
  return [...others.filter(isBefore), merged, ...others.filter((step) => !isBefore(step))];
}

/** All that a resource needs, directly or not. */
function needsOf(resources: HostManifest['resources']): (id: string) => ReadonlySet<string> {
  const direct = new Map(resources.map(({ id, needs }) => [id, needs]));
  const add = (id: string, found: Set<string>): Set<string> => {
    for (const need of direct.get(id) ?? []) if (!found.has(need)) add(need, found.add(need));
    return found;
  };
  return (id) => add(id, new Set());
}

const plain = (step: Step, subject: string): PlannedStep => ({ ...step, subject, before: [], after: [], undo: [] });

const acts = (activations: readonly Activation[], unit: UnitResource) =>
  activations.some((activation) => activation.unit === unit.name);

/** Nothing is written before the judges have seen what would come of it. */
function lookAhead(judged: readonly Asked[]): PlannedStep[] {
  if (judged.length === 0) return [];
  const title = `check the configuration as it will be (${judged.map(({ command }) => command).join(', ')})`;
  const names = judged.map(({ name }) => name);
  return [plain(makeStep('future', names, title, { reversible: true }), 'configuration')];
}

/** A hand may have come in between, and some hosts cannot look ahead. */
function lookAgain(judged: readonly Asked[]): PlannedStep[] {
  if (judged.length === 0) return [];
  const names = judged.map(({ name }) => name);
  return [plain(makeStep('validate', names, 'check what is written now', { reversible: true }), 'configuration')];
}

/** What changes how a host is reached stays only when somebody gets in. */
function confirmation(
  { host }: HostManifest,
  changes: readonly Change[],
  activations: readonly Activation[],
): PlannedStep[] {
  if (!changesReach(changes, activations)) return [];
  const title = `wait for a new connection, because the way in changes (${host.confirmWithin} s at most)`;
  return [plain(makeStep('confirm', [host.confirmWithin], title, { reversible: true }), 'configuration')];
}

function daemonReload(changes: readonly Change[], observed: Observed): PlannedStep[] {
  const unitFiles = changes.some(
    ({ name, kind, action }) =>
      kind === 'file' && name.startsWith('/etc/systemd/system/') && ['create', 'update', 'delete'].includes(action),
  );
  const behind = [...observed.units.values()].some((read) => read.state === 'present' && read.value.needsReload);
  return unitFiles || behind
    ? [plain(makeStep('daemon_reload', [], 'reload the units of systemd', { reversible: true }), 'systemd')]
    : [];
}

/** A request through each service that took up a change, once everything behind it runs. */
function checks(
  manifest: HostManifest,
  changes: readonly Change[],
  activations: readonly PlannedActivation[],
): PlannedStep[] {
  const released = changes.some(
    ({ kind, action }) => kind === 'release' && (action === 'create' || action === 'update'),
  );
  return unitsOf(manifest).flatMap((unit) => {
    if (!unit.check || !(released || acts(activations, unit))) return [];
    const { port, host, path, tls } = unit.check;
    const scheme = tls ? 'https' : 'http';
    const title = `ask ${unit.name} for ${scheme}://${host}${path}`;
    const check = plain(makeStep('http_check', [port, host, path, scheme], title, { reversible: true }), unit.id);
    const taken = activations.find((activation) => activation.unit === unit.name);
    return [taken ? { ...check, after: [{ activation: unit.name, inputs: taken.inputs }] } : check];
  });
}
