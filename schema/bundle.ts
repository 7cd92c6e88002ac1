/** Puts the sections of the contract (schema/sections/*.yaml) together into the JSON Schemas that ajv and editors read. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Schema } from '../src/spec/schema.ts';

const folder = fileURLToPath(new URL('sections/', import.meta.url));
const section = (name: string) => parse(readFileSync(`${folder}${name}.yaml`, 'utf8')) as Schema;

/** The sections of deploy.yaml in the order of the reference, each with its file. */
const sections: Readonly<Record<string, string>> = {
  app: 'app',
  proxy: 'proxy',
  tls: 'tls',
  database: 'database',
  cache: 'cache',
  storage: 'storage',
  mail: 'mail',
  backups: 'backups',
  secrets: 'secrets',
  secretsFile: 'secrets-file',
  host: 'host',
  observability: 'observability',
  containers: 'containers',
  ci: 'ci',
  patches: 'patches',
  protect: 'protect',
};

/** A section below the name of an environment: what it says is checked after it was merged. */
const difference = (name: string, file: string): Schema => {
  const { type, maxItems, items, examples = [] } = section(file);
  return type === 'array'
    ? {
        description: `The list ${name}, instead of that above.`,
        type,
        examples,
        ...(maxItems ? { maxItems } : {}),
        ...(items ? { items } : {}),
      }
    : {
        description: `What differs in the section ${name}; its keys are those of ${name}.`,
        type: 'object',
        examples: [{}],
      };
};

const environments = {
  description:
    "Differences per environment. The keys below an environment's name are merged over the rest of the file (maps key by key, lists and values as a whole) and the result is validated.",
  type: 'object',
  maxProperties: 50,
  propertyNames: { type: 'string', maxLength: 31, pattern: '^[a-z][a-z0-9-]*$' },
  'x-expects': 'names of lower-case letters, digits and hyphens',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(sections).map(([name, file]) => [name, difference(name, file)])),
  },
  examples: [{ staging: { proxy: { domains: ['staging.example.com'] } } }],
};

/** The schema of deploy.yaml. */
export function deploySchema(): Schema {
  const root = section('deploy');
  const names = Object.keys(sections);
  const references = Object.fromEntries(names.map((name) => [name, { $ref: `#/definitions/${name}` }]));
  return {
    ...root,
    properties: { ...root.properties, ...references, environments },
    definitions: {
      ...(section('definitions') as Record<string, Schema>),
      ...Object.fromEntries(Object.entries(sections).map(([name, file]) => [name, section(file)])),
    },
  };
}

/** The schema of hosts/<environment>/<host>/host.yaml. */
export const hostSchema = (): Schema => section('host-file');

/** The schema of saved plans (npm run plan -- --out). */
export const planSchema = (): Schema => section('plan');
