import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import Handlebars from 'handlebars';
import { ownKeywords, type Schema } from '../spec/schema.ts';
import type { Contract } from '../spec/validate.ts';
import type { Assets } from './assets.ts';

const options: Options = { allErrors: true, strict: true, allowUnionTypes: true, code: { source: true, esm: true } };
const schemas = ['deploy', 'host', 'plan'] as const;

function ajvFor(): Ajv {
  const ajv = new Ajv(options);
  ajv.addVocabulary(ownKeywords);
  return ajv;
}

const readSchema = (folder: string, name: string) =>
  JSON.parse(readFileSync(join(folder, 'schema', `${name}.schema.json`), 'utf8')) as Schema;

/** Templates by name: the path below templates/ without `.hbs`. */
function readTemplates(folder: string): Map<string, string> {
  const root = join(folder, 'templates');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.hbs'));
  return new Map(
    files
      .sort()
      .map((file) => [file.slice(0, -'.hbs'.length).replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]),
  );
}

const precompiled = (text: string) =>
  String(Handlebars.precompile(text, { noEscape: true, strict: true, knownHelpers: { when: true } }));

/** Compiles schemas and templates in this process. */
export function assetsFromSource(folder: string): Assets {
  const contract = (name: string): Contract => {
    const schema = readSchema(folder, name);
    return { schema, validate: ajvFor().compile(schema as object) as ValidateFunction };
  };
  const templates = Object.fromEntries(
    // The precompiler writes JavaScript of templates that ship with the program; there is no other way to load it.
    [...readTemplates(folder)].map(([name, text]) => [name, new Function(`return (${precompiled(text)})`)()]),
  );
  return {
    contracts: { deploy: contract('deploy'), host: contract('host') },
    planContract: contract('plan'),
    templates,
  };
}

/**
 * The same assets as ES modules by file name, for the bundler: `assets.js`, their entry, takes the place of this module.
 */
export function assetModules(folder: string): Record<string, string> {
  const write = standaloneCode as unknown as (ajv: Ajv, validate: ValidateFunction) => string;
  const parts = schemas.map((name) => {
    const ajv = ajvFor();
    const schema = readSchema(folder, name);
    return { name, schema, code: write(ajv, ajv.compile(schema as object)) };
  });
  const contracts = parts.map(
    ({ name, schema }) => `${name}: { schema: ${JSON.stringify(schema)}, validate: ${name} }`,
  );
  const templates = [...readTemplates(folder)].map(([name, text]) => `${JSON.stringify(name)}: ${precompiled(text)}`);
  const entry = [
    ...parts.map(({ name }) => `import ${name} from './validate-${name}.js';`),
    `const contracts = { ${contracts.join(',\n')} };`,
    `const templates = { ${templates.join(',\n')} };`,
    'export const assetsFromSource = () => ({ contracts, planContract: contracts.plan, templates });',
  ].join('\n');
  return { ...Object.fromEntries(parts.map(({ name, code }) => [`validate-${name}.js`, code])), 'assets.js': entry };
}
