import { sha256 } from '../plan/digest.ts';
import type { Attributes, Kind } from './kind.ts';
import { layout, runtimeFolder, type Slot, slots } from './layout.ts';
import { absent, lookUp, mapRead, type Observed, present, type Read, type UnitState, unknown } from './observed.ts';
import type { ReleaseResource } from './resource.ts';
import { type Step, step } from './step.ts';
import { inBetween } from './unit.ts';

/** Names of the uploads that a release may need. */
export const bundleUpload = ({ bundle }: ReleaseResource) => `app-${bundle ?? 'unpinned'}.tar.gz`;
export const runtimeUpload = ({ version, package: name }: ReleaseResource['runtime']) => `${name}-${version}.tar.gz`;

const bundleFolder = ({ name, bundle = 'unpinned' }: ReleaseResource) => `${layout(name).bundles}/${bundle}`;

const stamp = (folder: string) => `${folder}/.complete`;

/** Which slot the live link names. */
function liveSlot(name: string, observed: Observed): Read<Slot> {
  const link = lookUp(observed.paths, layout(name).live);
  if (link.state !== 'present') return link;
  const slot = slots.find((candidate) => candidate === link.value.target);
  return slot ? present(slot) : absent;
}

const releaseIn = (name: string, slot: Slot, observed: Observed): string => {
  const link = lookUp(observed.paths, layout(name).slot(slot));
  return link.state === 'present' ? (link.value.target?.split('/').at(-1) ?? '') : '';
};

/** The instances of a slot that systemd has loaded, by number. */
function unitsOf(
  name: string,
  slot: Slot,
  observed: Observed,
): { readonly number: number; readonly state: UnitState }[] {
  const prefix = `${name}-${slot}@`;
  return [...observed.units]
    .flatMap(([unit, read]) =>
      unit.startsWith(prefix) && !unit.includes('*') && read.state === 'present'
        ? [{ number: Number(unit.slice(prefix.length).replace('.service', '')), state: read.value }]
        : [],
    )
    .sort((a, b) => a.number - b.number);
}

/** Numbers of the instances of a slot that are active. */
const activeInstances = (name: string, slot: Slot, observed: Observed): number[] =>
  unitsOf(name, slot, observed)
    .filter(({ state }) => state.active === 'active')
    .map(({ number }) => number);

/** The file that makes the links to the live slot and its release anew at each boot; the executor writes it at each switch (go_live). */
const liveFile = (name: string) => `/etc/tmpfiles.d/${name}-live.conf`;
const liveFileText = (name: string, slot: Slot) =>
  [
    `# The live slot of ${name} and the release in it, written by Fairlead at each switch (tmpfiles.d(5)).`,
    `L+ ${layout(name).live} - - - - ${slot}`,
    `L+ ${layout(name).liveRelease} - - - - ${layout(name).slot(slot)}`,
    '',
  ].join('\n');

/** Whether the next boot brings the slot up by itself: its link is declared, and its running instances are enabled. */
function comesBack(name: string, slot: Slot, running: readonly number[], observed: Observed): boolean {
  const file = lookUp(observed.paths, liveFile(name));
  const declared = file.state === 'present' && file.value.sha256 === sha256(liveFileText(name, slot));
  const enabled = running.every((instance) => {
    const unit = lookUp(observed.units, `${name}-${slot}@${instance}.service`);
    return unit.state === 'present' && unit.value.enabled === 'enabled';
  });
  return declared && enabled;
}

/** What tells that the release in a slot and its runtime are whole; both are reached through the slot's link. */
const wholeness = (name: string, slot: Slot) => {
  const folder = layout(name).slot(slot);
  return [stamp(folder), stamp(`${folder}/app/..`), stamp(`${folder}/runtime`)];
};

const isWhole = (name: string, slot: Slot, observed: Observed) =>
  wholeness(name, slot).every((path) => lookUp(observed.paths, path).state !== 'absent');

const yesNo = (fact: boolean) => (fact ? 'yes' : 'no');

function readRelease(name: string, observed: Observed): Read<Attributes> {
  const failed = slots
    .map((slot) => lookUp(observed.units, `${name}-${slot}@*.service`))
    .find((read) => read.state === 'unknown');
  if (failed?.state === 'unknown') return unknown(failed.because);
  return mapRead(liveSlot(name, observed), (slot) => {
    const other = slots.find((candidate) => candidate !== slot)!;
    const running = activeInstances(name, slot, observed);
    return {
      release: releaseIn(name, slot, observed),
      whole: yesNo(isWhole(name, slot, observed)),
      running: running.join(' '),
      atBoot: yesNo(comesBack(name, slot, running, observed)),
      left: activeInstances(name, other, observed).length > 0 ? other : 'none',
    };
  });
}

const instanceNumbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1).join(' ');

/** The program's release: in which slot it is live, and which instances run. */
export const releaseKind: Kind<ReleaseResource> = {
  claims: false,
  probe: (name) => {
    const paths = layout(name);
    return {
      paths: [paths.live, liveFile(name), ...slots.flatMap((slot) => [paths.slot(slot), ...wholeness(name, slot)])],
      units: slots.map((slot) => `${name}-${slot}@*.service`),
    };
  },
  read: readRelease,
  desired: ({ release, instances }) => ({
    release: release ?? 'unpinned',
    whole: 'yes',
    running: instanceNumbers(instances),
    atBoot: 'yes',
    left: 'none',
  }),
  unsettled: (name, observed) => {
    const live = liveSlot(name, observed);
    if (live.state !== 'present') return undefined;
    const instances = unitsOf(name, live.value, observed).flatMap(({ number, state }) => {
      const doing = inBetween(state);
      return doing ? [`instance ${number} ${doing}`] : [];
    });
    if (instances.length === 0) return undefined;
    return `has not settled: ${instances.join(', ')}; what does not come up by itself is started`;
  },
  steps(resource, reading, observed) {
    const { name, release = 'unpinned', instances } = resource;
    const same = reading.state === 'present' && reading.value.release === release && reading.value.whole === 'yes';
    const drain = drainStep(resource);
    if (!same) return [...deliver(resource, observed), drain];
    const start = step(
      'release_start',
      [name, instances, resource.ready, resource.timeout],
      `start the instances of ${name}`,
    );
    return reading.value.running === instanceNumbers(instances) && reading.value.atBoot === 'yes'
      ? [drain]
      : [start, drain];
  },
  remove: (name) => ({
    steps: [step('release_remove', [name], `stop ${name} and remove its releases`)],
    retained: 'its folder may hold what you need',
  }),
};

const drainStep = ({ name, instances }: ReleaseResource): Step =>
  step('release_drain', [name, instances], 'stop what the live slot does not need', { reversible: false });

/** What lets the other slot serve. */
function switchSteps({ name, release = 'unpinned', instances, ready, timeout, steady }: ReleaseResource): Step[] {
  const title = `start release ${release} beside the one that serves`;
  return [
    step('release_ready', [name, release, instances, ready, timeout, steady], title, { reversible: true }),
    step('release_switch', [name], `go live with release ${release}`, { reversible: true }),
  ];
}

/** The same release in its other slot: its processes start anew, and take up what is read as they start. */
export const renewalSteps = (resource: ReleaseResource): Step[] => [...switchSteps(resource), drainStep(resource)];

function deliver(resource: ReleaseResource, observed: Observed): Step[] {
  const { name, release = 'unpinned', bundle = 'unpinned', runtime } = resource;
  const paths = layout(name);
  const node = runtimeFolder(runtime.version, runtime.package);
  const has = (folder: string) => lookUp(observed.paths, stamp(folder)).state === 'present';
  const steps: Step[] = [];
  if (!has(node)) {
    const upload = runtimeUpload(runtime);
    steps.push(
      step('runtime_install', [node, upload], `install Node.js ${runtime.version}`, {
        reversible: true,
        uploads: [upload],
      }),
    );
  }
  if (!has(bundleFolder(resource))) {
    const upload = bundleUpload(resource);
    const args = [name, bundle, upload];
    steps.push(step('bundle_unpack', args, `bring the program (${bundle})`, { reversible: true, uploads: [upload] }));
  }
  if (!has(`${paths.releases}/${release}`)) {
    const args = [name, release, bundle, node, resource.environmentFile];
    steps.push(step('release_stage', args, `stage release ${release}`, { reversible: true }));
  }
  if (resource.migrations) {
    const args = [name, release, resource.database ?? '', ...resource.migrations];
    steps.push(step('release_migrate', args, 'run the database migrations'));
  }
  return [...steps, ...switchSteps(resource)];
}

/** Paths that tell whether the host already has what a release needs. */
export function releaseStamps(resource: ReleaseResource): string[] {
  const folders = [runtimeFolder(resource.runtime.version, resource.runtime.package)];
  if (resource.release) folders.push(`${layout(resource.name).releases}/${resource.release}`, bundleFolder(resource));
  return folders.map(stamp);
}
