import { directoryKind } from '../resources/directory.ts';
import type { Attributes, Kind } from '../resources/kind.ts';
import type { Observed, Read } from '../resources/observed.ts';
import { type DirectoryResource, isEntry, isPath, kindOf, nameOf } from '../resources/resource.ts';
import { type Step, step } from '../resources/step.ts';
import type { Change } from './change.ts';
import type { Verdict } from './classify.ts';
import { mayAdopt, type Permission } from './permission.ts';
import type { RecordedResource } from './record.ts';

/** A conflict as it is once it may be taken over: an update, unless the one cannot take the place of the other. */
export function adopted(verdict: Verdict, id: string, live: Read<Attributes>, permission: Permission): Verdict {
  if (verdict.class !== 'conflict' || verdict.neighbour !== undefined || verdict.refused || !mayAdopt(permission, id))
    return verdict;
  const type = live.state === 'present' ? live.value.type : undefined;
  if (isPath(kindOf(id)) && !isReplaceable(kindOf(id), type)) {
    const reason = `is a ${type === 'other' ? 'special file' : type} already, which it cannot take the place of; move it out of the way on the host`;
    return { ...verdict, reason };
  }
  const names = verdict.attributes.map(({ name }) => name).join(', ');
  const stays = isPath(kindOf(id)) ? '; what is there is kept, and comes back when deploy.yaml no longer names it' : '';
  return { ...verdict, action: 'update', class: 'adopt', reason: `is taken over, and differs in ${names}${stays}` };
}

/**
 * What another project on the host has is settled between the two, and not here; files and links also where they are equal now,
 * because they would not stay so. Directories may be shared.
 */
export function withNeighbour(verdict: Verdict, id: string, { facts }: Observed): Verdict {
  const isTaken = verdict.class === 'conflict' || (verdict.class === 'adopt' && isEntry(kindOf(id)));
  const neighbour = isTaken && isPath(kindOf(id)) ? facts.neighbours?.get(nameOf(id)) : undefined;
  if (neighbour === undefined) return verdict;
  const reason = `belongs to the project ${neighbour} on this host; take it out of one of the two`;
  return { ...verdict, action: 'none', class: 'conflict', neighbour, reason };
}

/** Whether a conflict can be taken over at all. */
export function isAdoptable({ kind, class: changeClass, attributes, neighbour, refused }: Change): boolean {
  if (neighbour !== undefined || refused) return false;
  const type = attributes.find(({ name }) => name === 'type')?.before ?? (kind === 'directory' ? 'directory' : 'file');
  return changeClass === 'conflict' && (!isPath(kind) || isReplaceable(kind, type));
}

/** A rename replaces files and links; a directory can only be changed. */
const isReplaceable = (kind: string, type: string | undefined) =>
  isEntry(kind) ? type === 'file' || type === 'symlink' : type === 'directory';

/** What the record says of the original of a path that is taken over: what its own kind calls it, and nothing of its content. */
export function originalOf(id: string, live: Read<Attributes>): Pick<RecordedResource, 'original'> {
  if (!isPath(kindOf(id)) || live.state !== 'present') return {};
  const { type = '', mode, owner, group } = live.value;
  return { original: { type, ...(mode === undefined ? {} : { mode }), ...owned(owner, group) } };
}

const owned = (owner: string | undefined, group: string | undefined): Attributes =>
  owner === undefined || group === undefined ? {} : { owner, group };

/** The step before a path is taken over. Of a directory, the record says all that there is to keep. */
export const keepOriginal = (id: string, name: string): Step[] =>
  isEntry(kindOf(id)) ? [step('keep_original', [name], `keep what is at ${name}`, { reversible: true })] : [];

/** The steps by which what was taken over comes back. */
export function restoreOriginal(
  kind: Kind,
  { id, original, attributes }: RecordedResource,
  observed: Observed,
): readonly Step[] {
  const path = nameOf(id);
  if (kindOf(id) !== 'directory') return kind.remove(path, attributes).steps;
  const { mode = '', owner = '', group = '' } = original ?? {};
  const before: DirectoryResource = { kind: 'directory', id, path, mode, owner, group, origin: '', needs: [] };
  return directoryKind.steps(before, directoryKind.read(path, observed), observed);
}
