import { deref, type Schema } from '../spec/schema.ts';
import type { Colors } from './colors.ts';

const value = (one: unknown) => (typeof one === 'string' ? one : JSON.stringify(one));

/** A key for people: what it is, what it takes, its default, an example, and the keys below it. */
export function schemaText(key: string, root: Schema, schema: Schema, colors: Colors): string {
  const lines = [
    colors.bold(key || (root.title === 'HostFile' ? 'host.yaml' : 'deploy.yaml')),
    `  ${schema.description ?? ''}`,
  ];
  const fact = (name: string, text: string) => lines.push(`  ${colors.dim(name.padEnd(8))} ${text}`);
  const takes = schema.enum ? schema.enum.map(value).join(', ') : [schema.type].flat().join(' or ');
  fact('type', schema['x-expects'] ? `${takes}: ${schema['x-expects']}` : takes);
  if (schema.minimum !== undefined) fact('range', `${schema.minimum} to ${schema.maximum}`);
  if (schema.default !== undefined && !isEmptyObject(schema.default)) fact('default', value(schema.default));
  if (schema['x-because']) fact('because', schema['x-because']);
  if (schema['x-releases']) fact('only on', `${schema['x-releases'].join(', ')}: ${schema['x-floor'] ?? ''}`);
  if (schema.examples?.[0] !== undefined) fact('example', value(schema.examples[0]));
  for (const [name, raw] of Object.entries(schema.properties ?? {})) {
    const property = deref(root, raw);
    const must = schema.required?.includes(name) ? colors.yellow(' (required)') : '';
    lines.push('', `  ${colors.cyan(name)}${must}`, `      ${property.description ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}

const isEmptyObject = (one: unknown) => typeof one === 'object' && one !== null && Object.keys(one).length === 0;
