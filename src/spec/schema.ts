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
  readonly pattern?: string;
  readonly 'x-expects'?: string;
}

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

/** `value` with the default of every key that it leaves out, at every depth. Arrays are taken as they are. */
export function withDefaults(root: Schema, schema: Schema, value: unknown): unknown {
  const { properties } = deref(root, schema);
  if (!properties || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const filled: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  for (const [key, raw] of Object.entries(properties)) {
    const property = deref(root, raw);
    if (filled[key] === undefined && property.default !== undefined) filled[key] = structuredClone(property.default);
    if (filled[key] !== undefined) filled[key] = withDefaults(root, property, filled[key]);
  }
  return filled;
}
