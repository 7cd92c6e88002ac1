import type { HostManifest } from '../compile/manifest.ts';
import type { Observed } from '../resources/observed.ts';
import { kindOf, type UnitResource, type Validator } from '../resources/resource.ts';
import { step as makeStep, type Step } from '../resources/step.ts';
import type { PlannedActivation } from './activation.ts';
import type { Activation, Change, PlannedStep } from './change.ts';

/** The steps of one resource. */
export interface Group {
  readonly subject: string;
  readonly removal: boolean;
  readonly steps: readonly PlannedStep[];
}

const writtenFirst = ['package', 'group', 'user', 'directory', 'secret', 'file', 'secret-file', 'symlink'];
const removedFirst = ['symlink', 'secret-file', 'file', 'secret', 'directory'];

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
  const beforehand = preparing(manifest);
  const isBeforehand = (step: PlannedStep) => beforehand.has(step.subject);
  return [
    ...inOneGo(ofKinds(writtenFirst, false), manifest),
    ...ofKinds(removedFirst, true),
    ...daemonReload(changes, observed),
    ...running.filter(isBeforehand),
    ...validations(manifest, changes, activations),
    ...running.filter((step) => !isLast(step) && !isBeforehand(step)),
    ...checks(manifest, changes, activations),
    ...ofKinds(removedFirst, true, false),
    // Until here a failure can still go back to the old release, which runs until it is drained.
    ...running.filter(isLast),
  ];
}

/** Units that only write what a validated configuration names, such as the placeholder of a certificate: it is not valid before. */
function preparing(manifest: HostManifest): Set<string> {
  const units = unitsOf(manifest);
  const wanted = new Set(units.filter(({ validator }) => validator).flatMap(({ needs }) => needs));
  const isWritten = (need: string) => writtenFirst.includes(kindOf(need));
  return new Set(units.filter(({ id, needs }) => wanted.has(id) && needs.every(isWritten)).map(({ id }) => id));
}

/** All packages in one transaction of apt, but those that wait for a source: it resolves them together and takes its lock once. */
function inOneGo(steps: readonly PlannedStep[], { resources }: HostManifest): PlannedStep[] {
  const waiting = new Set(resources.filter(({ needs }) => needs.length > 0).map(({ id }) => id));
  const installs = steps.filter(({ op, subject }) => op === 'package_install' && !waiting.has(subject));
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
  return [merged, ...steps.filter((step) => !installs.includes(step))];
}

const plain = (step: Step, subject: string): PlannedStep => ({ ...step, subject, before: [], after: [], undo: [] });

const unitsOf = (manifest: HostManifest) =>
  manifest.resources.filter((resource): resource is UnitResource => resource.kind === 'unit');

const acts = (activations: readonly Activation[], unit: UnitResource) =>
  activations.some((activation) => activation.unit === unit.name);

/** What each validator runs, the unit that takes up what it judges, and below which path that lies. */
const validators: Readonly<Record<Validator, { command: string; unit: string; below: string }>> = {
  nginx: { command: 'nginx -t', unit: 'nginx.service', below: '/etc/nginx/' },
  sshd: { command: 'sshd -t', unit: 'ssh.service', below: '/etc/ssh/' },
  nftables: { command: 'nft -c', unit: 'fairlead-firewall.service', below: '/etc/fairlead/firewall.nft' },
};

/** One check of the whole configuration of each service that is about to take up a change. */
function validations(
  manifest: HostManifest,
  changes: readonly Change[],
  activations: readonly Activation[],
): PlannedStep[] {
  const leaving = changes.filter(
    ({ kind, class: c, action }) => kind === 'file' && c === 'prune' && action === 'delete',
  );
  const acting = unitsOf(manifest).filter((unit) => acts(activations, unit));
  return Object.entries(validators)
    .filter(
      ([name, { below }]) =>
        acting.some(({ validator }) => validator === name) || leaving.some((file) => file.name.startsWith(below)),
    )
    .map(([name, { command, unit }]) =>
      plain(
        makeStep('validate', [name], `check the whole configuration with ${command}`, { reversible: true }),
        `unit:${unit}`,
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
    const { port, host, path, tls } = unit.check;
    const scheme = tls ? 'https' : 'http';
    const title = `ask ${unit.name} for ${scheme}://${host}${path}`;
    const check = plain(makeStep('http_check', [port, host, path, scheme], title, { reversible: true }), unit.id);
    const taken = activations.find((activation) => activation.unit === unit.name);
    return [taken ? { ...check, after: [{ activation: unit.name, inputs: taken.inputs }] } : check];
  });
}
