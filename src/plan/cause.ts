import { diffLines } from 'diff';
import type { HostManifest } from '../compile/manifest.ts';
import { isText, type Resource } from '../resources/resource.ts';
import type { Cause, Change } from './change.ts';

/**
 * The keys of deploy.yaml that a change follows from: for text, those of the lines that differ. A whole file also names its
 * foreign lines.
 */
export function causesOf(manifest: HostManifest, resource: Resource, text: Change['text']): Cause[] {
  const changed = text ? changedLineKeys(text) : [];
  const keys = changed.length > 0 ? changed : [resource.origin, ...foreignKeys(resource)];
  return keys.flatMap((key) => causeOf(manifest, key));
}

/** Whether a key holds foreign lines: code of a user's own, which is written as it is. */
export const isForeign = (key: string): boolean => key.startsWith('patches.');

const foreignKeys = (resource: Resource): string[] =>
  isText(resource) ? [...new Set(resource.lines.flat())].filter(isForeign) : [];

/** A key with its place, or nothing when the file has no such key (a default, whose section is named instead). */
export function causeOf(manifest: HostManifest, key: string): Cause[] {
  const position = manifest.positions[key];
  return position ? [{ key, ...position }] : [];
}

/** Keys of the lines that are new in `after`, in their order, each once. */
function changedLineKeys({ before, after, lineKeys }: NonNullable<Change['text']>): string[] {
  const keys = new Set<string>();
  let line = 0;
  for (const part of diffLines(before, after)) {
    if (part.removed) continue;
    if (part.added)
      for (let i = line; i < line + part.count; i += 1) for (const key of lineKeys[i] ?? []) keys.add(key);
    line += part.count;
  }
  return [...keys];
}
