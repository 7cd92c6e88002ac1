/** Projects generated from the schemas: every key that deploy.yaml and host.yaml may have turns up, in any company. */
import fc from 'fast-check';
import { deref, type Schema } from '../../src/spec/schema.ts';
import { hostileText } from './texts.ts';
import { byDefinition, byKey, ofHosts } from './values.ts';

/** Content of a YAML file as plain values. */
export type Plain = Readonly<Record<string, unknown>>;

/** A generated project: deploy.yaml, and the hosts of its environment production by name. */
export interface Generated {
  readonly deploy: Plain;
  readonly hosts: Readonly<Record<string, Plain>>;
}

/** What turns a schema into values: its root, and values for keys that the schema knows too little about. */
interface Source {
  readonly root: Schema;
  readonly values: Readonly<Record<string, fc.Arbitrary<unknown>>>;
  /** How many times likelier a key is there than not. */
  readonly presence: number;
}

const definitionOf = ({ $ref }: Schema) => $ref?.replace('#/definitions/', '') ?? '';

const anyOf = (...choices: [weight: number, arbitrary: fc.Arbitrary<unknown>][]) =>
  fc.oneof({ withCrossShrink: true }, ...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Values that a schema allows at a key; mostly sensible ones where there are such, and now and then whatever fits the pattern. */
function arbitraryOf(source: Source, schema: Schema, path: readonly string[]): fc.Arbitrary<unknown> {
  const own = source.values[path.join('.')];
  if (own) return own;
  const known = byDefinition[definitionOf(schema)];
  const bare = deref(source.root, schema);
  const noise = byType(source, bare, path);
  return known ? anyOf([12, known], [1, noise]) : noise;
}

function byType(source: Source, schema: Schema, path: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (Array.isArray(schema.type)) return fc.oneof(hostileText, fc.integer(), fc.boolean());
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 2 ** 31 });
    case 'array':
      return listOf(source, schema, path);
    case 'object':
      return schema.properties ? recordOf(source, schema, path) : mapOf(source, schema, path);
    default:
      return textOf(schema);
  }
}

const textOf = ({ pattern, minLength = 0, maxLength = 2000 }: Schema) =>
  pattern === undefined
    ? hostileText
    : fc
        .stringMatching(new RegExp(pattern, 'u'), { size: 'small' })
        .filter(({ length }) => length >= minLength && length <= maxLength);

function listOf(source: Source, schema: Schema, path: readonly string[]): fc.Arbitrary<unknown> {
  const bounds = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, 3) };
  const item = arbitraryOf(source, schema.items ?? {}, [...path, '[]']);
  return schema.uniqueItems ? fc.uniqueArray(item, { ...bounds, selector: JSON.stringify }) : fc.array(item, bounds);
}

function mapOf(source: Source, schema: Schema, path: readonly string[]): fc.Arbitrary<unknown> {
  if (typeof schema.additionalProperties !== 'object') return fc.constant({});
  const name = textOf(deref(source.root, schema.propertyNames ?? {}));
  const value = arbitraryOf(source, schema.additionalProperties, [...path, '*']);
  return fc.dictionary(name as fc.Arbitrary<string>, value, { maxKeys: 3, noNullPrototype: true });
}

/** A map of known keys: all that are required, and a part of the others. */
function recordOf(source: Source, schema: Schema, path: readonly string[]): fc.Arbitrary<unknown> {
  const entries = Object.entries(schema.properties ?? {}).map(([key, raw]) => {
    const value =
      key === 'environments' && path.length === 0 ? overlays(source) : arbitraryOf(source, raw, [...path, key]);
    const left = fc.constant(undefined);
    const maybe = schema.required?.includes(key) ? value : anyOf([1, left], [source.presence, value]);
    return maybe.map((one) => [key, one] as const);
  });
  return fc.tuple(...entries).map((pairs) => Object.fromEntries(pairs.filter(([, value]) => value !== undefined)));
}

/** Differences of the environment production: any keys of any sections. */
function overlays(source: Source): fc.Arbitrary<unknown> {
  const sections = Object.entries(source.root.properties ?? {}).filter(
    ([key]) => key !== 'name' && key !== 'environments',
  );
  const partial = Object.fromEntries(
    sections.map(([key, raw]) => [key, deref(source.root, raw)] as const).filter(([, { type }]) => type === 'object'),
  );
  const one = fc
    .constantFrom(...Object.entries(partial))
    .chain(([key, { required: _required, ...schema }]) =>
      byType(source, schema, [key]).map((value) => ({ [key]: value })),
    );
  return one.map((overlay) => ({ production: overlay }));
}

/** Names of the keys of a host's file that this module chooses itself. */
const hostFile = (source: Source) => recordOf(source, source.root, []) as fc.Arbitrary<Plain>;

const allRoles = ['proxy', 'app', 'worker', 'database'];

/** What a host needs beside others: roles that are all there, and an address that they reach it by. */
const amongOthers = ({ privateAddress }: Plain, index: number) => ({
  ...(index === 0 ? { roles: allRoles } : {}),
  ...(privateAddress === undefined ? {} : { privateAddress: `10.0.0.${11 + index}` }),
});

/** One host that does everything, or up to three with roles at random. */
function hostsOf(source: Source): fc.Arbitrary<Generated['hosts']> {
  const name = textOf(deref(source.root, source.root.properties?.name ?? {})) as fc.Arbitrary<string>;
  const one = fc.tuple(name, hostFile(source)).map(([host, { roles: _roles, ...file }]) => [[host, file]] as const);
  const several = fc
    .uniqueArray(fc.tuple(name, hostFile(source)), { minLength: 1, maxLength: 3, selector: ([host]) => host })
    .map((hosts) => hosts.map(([host, file], index) => [host, { ...file, ...amongOthers(file, index) }] as const));
  return fc
    .oneof(one, several)
    .map((hosts) => Object.fromEntries(hosts.map(([host, file]) => [host, { ...file, name: host }])));
}

/** Projects of which each value is valid by its schema; the rules between values have not been asked. Some say little, some nearly all. */
export function projects(deploy: Schema, host: Schema): fc.Arbitrary<Generated> {
  const withPresence = (presence: number) => {
    const file = recordOf({ root: deploy, values: byKey, presence }, deploy, []) as fc.Arbitrary<Plain>;
    const hosts = hostsOf({ root: host, values: ofHosts, presence });
    return fc.record({ deploy: file, hosts }, { noNullPrototype: true });
  };
  return fc.oneof(withPresence(1), withPresence(5));
}
