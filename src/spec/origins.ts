import type { Position } from '../diagnostic.ts';
import type { KeyPath } from './document.ts';
import type { ResolvedSpec } from './resolve.ts';
import { deref, type Schema } from './schema.ts';

/** Where a value of the resolved file comes from. */
export type Origin =
  /** Written in deploy.yaml; with `environment`, among the differences of that environment. */
  | { readonly kind: 'file'; readonly at: Position; readonly environment?: string }
  /** The schema's default, and why it is that. */
  | { readonly kind: 'default'; readonly because?: string }
  /** Follows from another key. */
  | { readonly kind: 'derived'; readonly from: string };

/** One value of the resolved file: a single one, or an empty list or map. */
export interface OriginatedValue {
  readonly path: KeyPath;
  readonly value: unknown;
  readonly origin: Origin;
}

/** Keys whose value follows from another where the file is silent. */
const derivedFrom: Readonly<Record<string, string>> = { 'database.name': 'name' };

/**
 * Every value of a resolved file with its origin, in the order of the schema. Keys that are absent, because nothing is what
 * their absence means, are left out.
 */
export function originsOf(spec: ResolvedSpec, schema: Schema): OriginatedValue[] {
  const names = Object.keys(schema.properties ?? {}).filter((name) => name !== 'environments');
  const file = spec as unknown as Record<string, unknown>;
  return names.flatMap((name) => valuesIn(spec, schema, schema.properties?.[name] ?? {}, file[name], [name]));
}

/** The origin of one value; `schema` is that of its key. */
export function originOf({ document, environment }: ResolvedSpec, schema: Schema | undefined, path: KeyPath): Origin {
  const overlay = ['environments', environment, ...path];
  if (document.has(overlay)) return { kind: 'file', at: document.locate(overlay, 'key'), environment };
  if (document.has(path)) return { kind: 'file', at: document.locate(path, 'key') };
  const source = derivedFrom[path.join('.')];
  if (source !== undefined) return { kind: 'derived', from: source };
  const because = schema?.['x-because'];
  return because === undefined ? { kind: 'default' } : { kind: 'default', because };
}

function valuesIn(spec: ResolvedSpec, root: Schema, raw: Schema, value: unknown, path: KeyPath): OriginatedValue[] {
  if (value === undefined) return [];
  const schema = deref(root, raw);
  const below = entriesOf(schema, value);
  if (below.length === 0) return [{ path, value, origin: originOf(spec, schema, path) }];
  return below.flatMap(([key, one, next]) => {
    // The items of a list that is a default as a whole have no reason of their own.
    const inherited =
      Array.isArray(value) && !spec.document.has([...path, key]) ? { ...next, ...reasonOf(schema) } : next;
    return valuesIn(spec, root, inherited, one, [...path, key]);
  });
}

const reasonOf = ({ 'x-because': because }: Schema): Schema => (because === undefined ? {} : { 'x-because': because });

/** The entries of a list or map with their schemas, those of a map in the schema's order. */
function entriesOf(schema: Schema, value: unknown): [string | number, unknown, Schema][] {
  if (Array.isArray(value)) return value.map((one, index) => [index, one, schema.items ?? {}]);
  if (typeof value !== 'object' || value === null) return [];
  const { properties = {}, additionalProperties } = schema;
  const others = typeof additionalProperties === 'object' ? additionalProperties : {};
  const given = Object.keys(value);
  const order = [
    ...Object.keys(properties).filter((key) => given.includes(key)),
    ...given.filter((key) => !properties[key]),
  ];
  return order.map((key) => [key, (value as Record<string, unknown>)[key], properties[key] ?? others]);
}
