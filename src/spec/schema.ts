/** The part of JSON Schema (draft 7) that the schemas in schema/ use. */
export interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly uniqueItems?: boolean;
  readonly pattern?: string;
  /** What a pattern demands, in words. */
  readonly 'x-expects'?: string;
  /** Why the default is what it is. */
  readonly 'x-because'?: string;
  /** The releases of hosts on which the key may be used; all when it is left out. */
  readonly 'x-releases'?: readonly string[];
  /** What the other releases lack. */
  readonly 'x-floor'?: string;
  /** Values that every release can do, where `x-releases` limits the others. */
  readonly 'x-allowed'?: readonly unknown[];
  /** Whether the value is the name of a secret. */
  readonly 'x-secret'?: boolean;
  /** Whether the value is a list of foreign lines. */
  readonly 'x-patch'?: boolean;
}

/** The keywords of the schemas that JSON Schema does not have; ajv is told of them. */
export const ownKeywords = ['x-expects', 'x-because', 'x-releases', 'x-floor', 'x-allowed', 'x-secret', 'x-patch'];

/** A schema with its reference followed; what stands beside the reference wins. */
export function deref(root: Schema, schema: Schema): Schema {
  if (!schema.$ref) return schema;
  const name = schema.$ref.replace('#/definitions/', '');
  const target = root.definitions?.[name];
  if (!target) throw new Error(`schema has no definition ${name}`);
  const { $ref, ...own } = schema;
  return { ...deref(root, target), ...own };
}

/** The schema of the value at a key path, or undefined where the schema knows no such key. */
export function schemaAt(root: Schema, path: readonly (string | number)[]): Schema | undefined {
  let schema: Schema | undefined = deref(root, root);
  for (const key of path) {
    if (!schema) return undefined;
    const next: Schema | undefined =
      typeof key === 'number' || schema.items
        ? schema.items
        : (schema.properties?.[key] ??
          (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined));
    schema = next && deref(root, next);
  }
  return schema;
}

/** `value` with the default of every key that it leaves out, at every depth, also in the items of lists and maps. */
export function withDefaults(root: Schema, schema: Schema, value: unknown): unknown {
  const { properties, items, additionalProperties } = deref(root, schema);
  if (Array.isArray(value)) return items ? value.map((item) => withDefaults(root, items, item)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (!properties) {
    if (typeof additionalProperties !== 'object') return value;
    const entries = Object.entries(value).map(([key, one]) => [key, withDefaults(root, additionalProperties, one)]);
    return Object.fromEntries(entries);
  }
  const filled: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  for (const [key, raw] of Object.entries(properties)) {
    const property = deref(root, raw);
    if (filled[key] === undefined && property.default !== undefined) filled[key] = structuredClone(property.default);
    if (filled[key] !== undefined) filled[key] = withDefaults(root, property, filled[key]);
  }
  return filled;
}
