/**
 * Generates what follows from the sections of the contract: the JSON Schemas (schema/*.schema.json), the TypeScript types
 * (src/spec/types.ts) and the reference page (docs/reference.md). `npm run generate` writes them, `npm test` fails when they
 * are not what this makes.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { deref, type Schema } from '../src/spec/schema.ts';
import { deploySchema, hostSchema, planSchema } from './bundle.ts';
import { diagnosticsPage } from './diagnostics.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const schemas = { deploy: deploySchema(), host: hostSchema(), plan: planSchema() };
const read = (name: 'deploy' | 'host') => structuredClone(schemas[name]);

/** The text of schema/<name>.schema.json. */
export const schemaJson = (name: keyof typeof schemas): string => `${JSON.stringify(schemas[name], null, 2)}\n`;

/** A copy of the schema as it looks after defaults: a key with a default is always there. */
function afterDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(afterDefaults);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, afterDefaults(value)])) as Record<
    string,
    unknown
  >;
  if (typeof copy.title === 'string') copy.title = `Resolved${copy.title}`;
  delete copy.pattern;
  if (copy.title === 'ResolvedDeployFile') delete (copy.properties as Record<string, unknown>).environments;
  if (typeof copy.properties !== 'object' || copy.properties === null) return copy;
  const rootSchema = read('deploy');
  const defaulted = Object.entries(copy.properties as Record<string, Schema>)
    .filter(
      ([, property]) => property.default !== undefined || (property.$ref && definitionDefault(rootSchema, property)),
    )
    .map(([key]) => key);
  copy.required = [...new Set([...((copy.required as string[] | undefined) ?? []), ...defaulted])];
  return copy;
}

function definitionDefault(rootSchema: Schema, property: Schema): boolean {
  const name = property.$ref?.replace('#/definitions/', '') ?? '';
  return rootSchema.definitions?.[name] !== undefined && deref(rootSchema, property).default !== undefined;
}

/** The text of src/spec/types.ts. */
export async function types(): Promise<string> {
  const banner = '// Generated from schema/sections/*.yaml by `npm run generate`: change those.\n';
  const options = {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 120 },
  };
  const parts = await Promise.all(
    (['deploy', 'host'] as const).map((name) =>
      compile(afterDefaults(read(name)) as never, name, { ...options, unreachableDefinitions: false }),
    ),
  );
  return `${banner}\n${parts.join('\n')}`;
}

/** The text of docs/reference.md. */
export function reference(): string {
  const page = [
    '<!-- Generated from schema/sections/*.yaml by `npm run generate`: change those. -->',
    '',
    '# Reference',
    '',
  ];
  page.push('Every key, its type, its default and an example. `…` stands for a name of your choice.', '');
  page.push('## deploy.yaml', '', ...section(read('deploy'), read('deploy'), ''));
  page.push('## hosts/<environment>/<host>/host.yaml', '', ...section(read('host'), read('host'), ''));
  return `${page.join('\n').trimEnd()}\n`;
}

function section(rootSchema: Schema, schema: Schema, prefix: string): string[] {
  const lines: string[] = [];
  for (const [key, raw] of Object.entries(schema.properties ?? {})) {
    const property = deref(rootSchema, raw);
    const path = `${prefix}${key}`;
    lines.push(
      `### \`${path}\``,
      '',
      property.description ?? '',
      '',
      ...facts(property, schema.required?.includes(key) ?? false),
      '',
    );
    lines.push(...below(rootSchema, property, path));
  }
  return lines;
}

/** What lies below a key: its own keys, those of its list's items, or those of the values behind names of your choice. */
function below(rootSchema: Schema, property: Schema, path: string): string[] {
  if (property.properties) return section(rootSchema, property, `${path}.`);
  const entry = typeof property.additionalProperties === 'object' ? property.additionalProperties : property.items;
  const inner = entry && deref(rootSchema, entry);
  return inner?.properties ? section(rootSchema, inner, property.items ? `${path}[].` : `${path}.….`) : [];
}

function facts(schema: Schema, required: boolean): string[] {
  const code = (value: unknown) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  const type = schema.enum ? schema.enum.map(code).join(', ') : [schema.type].flat().join(' or ');
  const range = schema.minimum === undefined ? '' : ` from ${schema.minimum} to ${schema.maximum}`;
  const list = [`- Type: ${type}${range}${schema['x-expects'] ? ` (${schema['x-expects']})` : ''}`];
  if (required) list.push('- Required');
  if (schema.default !== undefined && typeof schema.default !== 'object')
    list.push(`- Default: ${code(schema.default)}`);
  if (Array.isArray(schema.default)) list.push(`- Default: ${code(schema.default)}`);
  if (schema['x-because']) list.push(`- Because: ${schema['x-because']}`);
  if (schema['x-releases']) list.push(`- Only on ${schema['x-releases'].join(', ')} (${schema['x-floor']})`);
  if (schema.examples?.[0] !== undefined) list.push(`- Example: ${code(schema.examples[0])}`);
  return list;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of ['deploy', 'host', 'plan'] as const)
    writeFileSync(`${root}schema/${name}.schema.json`, schemaJson(name));
  writeFileSync(`${root}src/spec/types.ts`, await types());
  writeFileSync(`${root}docs/reference.md`, reference());
  writeFileSync(`${root}docs/diagnostics.md`, diagnosticsPage());
}
