import type { HostManifest } from '../compile/manifest.ts';
import { kindFor } from '../resources/kind.ts';
import { lookUp, type Observed } from '../resources/observed.ts';
import { isEntry, kindOf, nameOf, type Resource } from '../resources/resource.ts';
import type { Permission } from './permission.ts';
import type { HostRecord, RecordedResource } from './record.ts';

/** All that a plan follows from: what should be, what is, what this project left there, and what may be done beside. */
export interface Situation {
  readonly manifest: HostManifest;
  readonly observed: Observed;
  readonly record: HostRecord;
  readonly permission: Permission;
}

/**
 * What the record says of a resource; of a path that another kind of ours was at before, that it is ours, and no more. So a file
 * that gets a secret is no conflict, and does not go when the plain one leaves.
 */
export function baseOf({ id, kind }: Resource, record: HostRecord): RecordedResource | undefined {
  const same = record.resources.get(id);
  if (same || !isEntry(kind)) return same;
  const before = predecessorOf({ id, kind }, record);
  return before && { ...before, id, attributes: {} };
}

/** The resource of another kind that was at the same path, or undefined. */
export function predecessorOf(
  { id, kind }: Pick<Resource, 'id' | 'kind'>,
  record: HostRecord,
): RecordedResource | undefined {
  if (!isEntry(kind)) return undefined;
  return [...record.resources.values()].find(
    (other) => other.id !== id && isEntry(kindOf(other.id)) && nameOf(other.id) === nameOf(id),
  );
}

/** What was seen at the path of a text, a secret or a link, or undefined for what has no content to hash. */
export function seenAt(kind: string, path: string, observed: Observed): string | undefined {
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

/** Whether what is at its place may be somebody else's. */
export function isClaimed(resource: Resource, observed: Observed): boolean {
  const kind = kindFor(resource);
  return kind.claims && !kind.unclaimed?.(nameOf(resource.id), observed);
}
