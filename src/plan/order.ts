import type { HostManifest } from '../compile/manifest.ts';
import type { Observed } from '../resources/observed.ts';
import { kindOf, type UnitResource } from '../resources/resource.ts';
import { step as makeStep, type Step } from '../resources/step.ts';
import type { PlannedActivation } from './activation.ts';
import type { Activation, Change, PlannedStep } from './change.ts';

/** The steps of one resource. */
export interface Group {
  readonly subject: string;
  readonly removal: boolean;
  readonly steps: readonly PlannedStep[];
}

const writtenFirst = ['package', 'group', 'user', 'directory', 'file', 'symlink'];
const removedFirst = ['symlink', 'file', 'directory'];

/**
 * Puts the steps in the order in which they are safe: packages in one go; then all that is only written; then what left the
 * file; then one validation of the whole; then services, database and release; last, what may go only when all else stands.
 */
export function arrange(
  groups: readonly Group[],
  manifest: HostManifest,
  changes: readonly Change[],
  activations: readonly PlannedActivation[],
  observed: Observed,
): PlannedStep[] {
  const ofKinds = (kinds: readonly string[], removal: boolean, inside = true) =>
    groups
      .filter((group) => group.removal === removal && kinds.includes(kindOf(group.subject)) === inside)
      .flatMap(({ steps }) => steps);
  const running = ofKinds(writtenFirst, false, false);
  const isLast = (step: PlannedStep) => step.op === 'release_drain';
  return [
    ...inOneGo(ofKinds(writtenFirst, false)),
    ...ofKinds(removedFirst, true),
    ...validations(manifest, changes, activations),
    ...daemonReload(changes, observed),
    ...running.filter((step) => !isLast(step)),
    ...checks(manifest, changes, activations),
    ...ofKinds(removedFirst, true, false),
    // Until here a failure can still go back to the old release, which runs until it is drained.
    ...running.filter(isLast),
  ];
}

/** All packages in one transaction of apt: it resolves them together and takes its lock once. */
function inOneGo(steps: readonly PlannedStep[]): PlannedStep[] {
  const installs = steps.filter(({ op }) => op === 'package_install');
  const first = installs[0];
  if (!first || installs.length === 1) return [...steps];
  const names = installs.flatMap(({ args }) => args);
  const merged: PlannedStep = {
    ...first,
    args: names,
    title: `install packages ${names.join(', ')}`,
    before: installs.flatMap(({ before }) => before),
    undo: installs.flatMap(({ undo }) => undo),
  };
  return [merged, ...steps.filter(({ op }) => op !== 'package_install')];
}

const plain = (step: Step, subject: string): PlannedStep => ({ ...step, subject, before: [], after: [], undo: [] });

const unitsOf = (manifest: HostManifest) =>
  manifest.resources.filter((resource): resource is UnitResource => resource.kind === 'unit');

const acts = (activations: readonly Activation[], unit: UnitResource) =>
  activations.some((activation) => activation.unit === unit.name);

/** One check of the whole configuration of each service that is about to take up a change. */
function validations(
  manifest: HostManifest,
  changes: readonly Change[],
  activations: readonly Activation[],
): PlannedStep[] {
  const leaving = changes.filter(
    ({ kind, class: c, action }) => kind === 'file' && c === 'prune' && action === 'delete',
  );
  const validators = unitsOf(manifest)
    .filter((unit) => unit.validator && acts(activations, unit))
    .map(({ validator, id }) => ({ validator: validator!, id }));
  if (leaving.some(({ name }) => name.startsWith('/etc/nginx/')))
    validators.push({ validator: 'nginx', id: 'unit:nginx.service' });
  const distinct = new Map(validators.map((one) => [one.validator, one]));
  return [...distinct.values()].map(({ validator, id }) =>
    plain(
      makeStep('validate', [validator], `check the whole configuration with ${validator} -t`, { reversible: true }),
      id,
    ),
  );
}

function daemonReload(changes: readonly Change[], observed: Observed): PlannedStep[] {
  const unitFiles = changes.some(
    ({ name, kind, action }) => kind === 'file' && name.startsWith('/etc/systemd/system/') && action !== 'none',
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
    const { port, host, path } = unit.check;
    const title = `ask ${unit.name} for http://${host}${path}`;
    const check = plain(makeStep('http_check', [port, host, path], title, { reversible: true }), unit.id);
    const taken = activations.find((activation) => activation.unit === unit.name);
    return [taken ? { ...check, after: [{ activation: unit.name, inputs: taken.inputs }] } : check];
  });
}
