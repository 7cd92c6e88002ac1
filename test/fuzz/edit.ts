/** Edits of plain values by key path; nothing is changed in place. */
import type { KeyPath } from '../../src/spec/document.ts';

const isContainer = (value: unknown): value is Record<string, unknown> | unknown[] =>
  typeof value === 'object' && value !== null;

/** The value at a path, or undefined. */
export const valueAt = (root: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>((at, key) => (isContainer(at) ? (at as Record<string, unknown>)[key] : undefined), root);

/** A copy with another value at a path; maps on the way are made. */
export function withValue(root: unknown, [key, ...rest]: KeyPath, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(root)) return root.map((one, index) => (index === Number(key) ? withValue(one, rest, value) : one));
  const before = isContainer(root) ? (root as Record<string, unknown>) : {};
  return { ...before, [key]: withValue(before[key], rest, value) };
}

/** A copy without the value at a path; the same value when there is none. */
export function without(root: unknown, [key, ...rest]: KeyPath): unknown {
  if (key === undefined || !isContainer(root)) return root;
  if (Array.isArray(root)) {
    const index = Number(key);
    return rest.length === 0
      ? root.filter((_one, at) => at !== index)
      : root.map((one, at) => (at === index ? without(one, rest) : one));
  }
  if (!Object.hasOwn(root, key)) return root;
  const { [key]: inner, ...others } = root;
  return rest.length === 0 ? others : { ...root, [key]: without(inner, rest) };
}

/** The path of every value below the root, containers before what they hold. */
export function pathsIn(root: unknown, prefix: KeyPath = []): KeyPath[] {
  if (!isContainer(root)) return [];
  const keys = Array.isArray(root) ? [...root.keys()] : Object.keys(root);
  return keys.flatMap((key) => {
    const path = [...prefix, key];
    return [path, ...pathsIn((root as Record<string, unknown>)[key], path)];
  });
}
