import type { HostManifest } from '../compile/manifest.ts';
import { kindFor } from '../resources/kind.ts';
import { lookUp, type Observed } from '../resources/observed.ts';
import { nameOf, type UnitResource } from '../resources/resource.ts';
import { inBetween, startsByItself } from '../resources/unit.ts';
import type { Activation, Change } from './change.ts';
import { digest } from './digest.ts';
import type { HostRecord } from './record.ts';

type Inputs = Readonly<Record<string, string>>;

/** What a unit must take up, with the hashes of its inputs to record. */
export interface PlannedActivation extends Activation {
  /** Once it has taken them up. */
  readonly inputs: Inputs;
  /**
   * Before that: what is known already and this activation does not change. A crash in between then leaves in the next plan
   * what this one was to do, a reload or a restart, and no more.
   */
  readonly pending: Inputs;
  /** What it runs with now, for the way back. */
  readonly recorded: Inputs | null;
}

/**
 * Decides by state, not by events, whether a unit must start, reload or restart: when the recorded hash of an input is not
 * the wanted one, when an input is about to be written, when systemd wants a daemon-reload, or when it is not active.
 * A crash between the write and the reload thus leaves the reload in the next plan.
 */
export function activationOf(
  unit: UnitResource,
  manifest: HostManifest,
  observed: Observed,
  record: HostRecord,
  changes: ReadonlyMap<string, Change>,
): PlannedActivation | undefined {
  const known = record.activations.get(unit.name);
  const recorded = known ?? {};
  const read = unit.inputs.filter(({ id }) => !isBeyond(id, manifest));
  const beyond = Object.entries(recorded).filter(([id]) => isBeyond(id, manifest) && !isWrite(changes.get(id)));
  const inputs = Object.fromEntries([...beyond, ...read.map(({ id }) => [id, inputHash(id, manifest)] as const)]);
  const stale = read.filter(({ id }) => recorded[id] !== inputs[id] || isWrite(changes.get(id)));
  const state = lookUp(observed.units, unit.name);
  const staying = Object.entries(recorded).filter(
    ([id, hash]) => !(id in inputs) || (inputs[id] === hash && !isWrite(changes.get(id))),
  );
  const base = { unit: unit.name, inputs, pending: Object.fromEntries(staying), recorded: known ?? null };
  if (state.state === 'unknown') return undefined;
  if (state.state !== 'present' || state.value.active !== 'active') {
    const doing = state.state === 'present' ? inBetween(state.value) : undefined;
    return { ...base, verb: 'start', reason: doing ? `it ${doing}` : 'it is not active' };
  }
  if (state.value.needsReload) return { ...base, verb: 'restart', reason: 'its unit changed since it was started' };
  const gone = Object.keys(recorded).filter((id) => !(id in inputs));
  const verb = stale.some(({ effect }) => effect === 'restart') || gone.some(isOfUnit) ? 'restart' : 'reload';
  if (stale.length > 0) return { ...base, verb, reason: `${stale.map(({ id }) => nameOf(id)).join(' and ')} changed` };
  if (gone.length > 0) return { ...base, verb, reason: `${gone.map(nameOf).join(' and ')} left` };
  return startsByItself(state.value) ? undefined : { ...base, verb: 'start', reason: 'it is not enabled' };
}

/** Whether a manifest that is only a part says nothing about a resource. */
const isBeyond = (id: string, { partial, resources }: HostManifest) =>
  partial === true && !resources.some((resource) => resource.id === id);

/** Unit files and drop-ins hold for processes that are started after them. The record does not say how an input was taken up. */
const isOfUnit = (id: string) => nameOf(id).startsWith('/etc/systemd/');

const isWrite = (change: Change | undefined) =>
  change?.action === 'create' || change?.action === 'update' || change?.action === 'delete';

function inputHash(id: string, manifest: HostManifest): string {
  const resource = manifest.resources.find((candidate) => candidate.id === id);
  if (!resource) throw new Error(`${id} is an input, but not in the manifest`);
  return digest(kindFor(resource).desired(resource));
}
