import type { HostManifest } from '../compile/manifest.ts';
import { kindFor } from '../resources/kind.ts';
import { lookUp, type Observed } from '../resources/observed.ts';
import { nameOf, type UnitResource } from '../resources/resource.ts';
import { startsByItself } from '../resources/unit.ts';
import type { Activation, Change } from './change.ts';
import { digest } from './digest.ts';
import type { HostRecord } from './record.ts';

/** What a unit must take up, with the hashes of its inputs to record once it has. */
export interface PlannedActivation extends Activation {
  readonly inputs: Readonly<Record<string, string>>;
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
  const inputs = Object.fromEntries(unit.inputs.map(({ id }) => [id, inputHash(id, manifest)]));
  const recorded = record.activations.get(unit.name) ?? {};
  const stale = unit.inputs.filter(({ id }) => recorded[id] !== inputs[id] || isWrite(changes.get(id)));
  const state = lookUp(observed.units, unit.name);
  const base = { unit: unit.name, inputs };
  if (state.state === 'unknown') return undefined;
  if (state.state !== 'present' || state.value.active !== 'active') {
    return { ...base, verb: 'start', reason: 'it is not active' };
  }
  if (state.value.needsReload) return { ...base, verb: 'restart', reason: 'its unit changed since it was started' };
  if (stale.length > 0) {
    const verb = stale.some(({ effect }) => effect === 'restart') ? 'restart' : 'reload';
    return { ...base, verb, reason: `${stale.map(({ id }) => nameOf(id)).join(' and ')} changed` };
  }
  const gone = Object.keys(recorded).filter((id) => !(id in inputs));
  if (gone.length > 0) return { ...base, verb: 'reload', reason: `${gone.map(nameOf).join(' and ')} left` };
  return startsByItself(state.value) ? undefined : { ...base, verb: 'start', reason: 'it is not enabled' };
}

const isWrite = (change: Change | undefined) =>
  change?.action === 'create' || change?.action === 'update' || change?.action === 'delete';

function inputHash(id: string, manifest: HostManifest): string {
  const resource = manifest.resources.find((candidate) => candidate.id === id);
  if (!resource) throw new Error(`${id} is an input, but not in the manifest`);
  return digest(kindFor(resource).desired(resource));
}
