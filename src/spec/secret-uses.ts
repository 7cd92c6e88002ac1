import type { KeyPath } from './document.ts';
import { deref, type Schema } from './schema.ts';

/** A place of deploy.yaml that names a secret. */
export interface SecretUse {
  readonly path: KeyPath;
  readonly secret: string;
}

/**
 * Every place of a file whose value is the name of a secret: wherever the schema says `x-secret`, also in lists and maps.
 * The names of the section `secrets` itself are keys and so no uses.
 */
export function secretUsesIn(root: Schema, plain: unknown): SecretUse[] {
  return usesBelow(root, root, plain, []);
}

function usesBelow(root: Schema, raw: Schema, value: unknown, path: KeyPath): SecretUse[] {
  const schema = deref(root, raw);
  if (schema['x-secret']) return typeof value === 'string' ? [{ path, secret: value }] : [];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.flatMap((one, index) => usesBelow(root, items, one, [...path, index])) : [];
  }
  return Object.entries(value).flatMap(([key, one]) => {
    const next = schema.properties?.[key] ?? schema.additionalProperties;
    return typeof next === 'object' ? usesBelow(root, next, one, [...path, key]) : [];
  });
}
