import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Diagnostic } from '../diagnostic.ts';
import type { Document, KeyPath } from './document.ts';
import { type Schema, schemaAt } from './schema.ts';
import { suggest } from './suggest.ts';

/** A schema and the function that ajv made of it (`allErrors`, `verbose` off, no coercion). */
export interface Contract {
  readonly schema: Schema;
  readonly validate: ValidateFunction;
}

/** Every way in which a document breaks its schema, in the order of the file. */
export function validateAgainst(contract: Contract, document: Document): Diagnostic[] {
  if (contract.validate(document.toPlain())) return [];
  return (contract.validate.errors ?? [])
    .filter((error) => error.keyword !== 'if' && error.keyword !== '$ref' && error.propertyName === undefined)
    .map((error) => explain(contract.schema, document, error))
    .sort(byPlace);
}

/** Orders diagnostics as a reader meets them. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  const order = (a.at?.file ?? '').localeCompare(b.at?.file ?? '', 'en');
  return order || (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

/** What ajv says about the keywords that are explained here (ajv.js.org, error parameters). */
interface Params {
  readonly additionalProperty: string;
  readonly missingProperty: string;
  readonly propertyName: string;
  readonly type: string;
  readonly allowedValues: readonly unknown[];
}

function explain(schema: Schema, document: Document, error: ErrorObject): Diagnostic {
  const path = pathOf(document, error.instancePath);
  const name = path.length > 0 ? path.join('.') : 'the file';
  const at = schemaAt(schema, path) ?? {};
  const value = valueAt(document.toPlain(), path);
  const problem = (
    code: string,
    message: string,
    fix: string,
    where: KeyPath = path,
    part: 'key' | 'value' = 'value',
  ) => document.problem(where, part, { severity: 'error', code: `schema.${code}`, message, fix });
  const params = error.params as Params;
  const example = at.examples?.[0] === undefined ? '' : `, for example ${yamlLine(path, at.examples[0])}`;

  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(at, path, params.additionalProperty, problem);
    case 'required': {
      const missing = params.missingProperty;
      const wanted = schemaAt(schema, [...path, missing]);
      const say = wanted?.examples?.[0] === undefined ? '' : `: ${yamlLine([missing], wanted.examples[0])}`;
      return problem('required', `${[...path, missing].join('.')} is missing`, `add it${say}`, path, 'key');
    }
    case 'type':
      return problem(
        'type',
        `${name} must be ${typeNames(at.type ?? params.type)}, but this is ${describe(value)}`,
        typeFix(at, value, example),
      );
    case 'enum': {
      const allowed = params.allowedValues.map(String);
      const near = suggest(String(value), allowed);
      return problem(
        'enum',
        `${name} cannot be ${describe(value)}`,
        near ? `did you mean ${near}?` : `use ${oneOf(allowed)}`,
      );
    }
    case 'propertyNames': {
      const key = params.propertyName;
      return problem(
        'key-name',
        `${[...path, key].join('.')} is not a name that ${name} accepts`,
        `use ${at['x-expects'] ?? 'another name'}`,
        [...path, key],
        'key',
      );
    }
    case 'minimum':
    case 'maximum':
      return problem('range', `${name} is ${value}, out of range`, `use ${rangeOf(at)}`);
    case 'minItems':
      return problem('too-few', `${name} has no entry`, `add at least one${example}`);
    case 'uniqueItems':
      return problem('repeated', `${name} lists the same entry twice`, 'delete one of them');
    default:
      return problem(
        'format',
        `${name} is ${describe(value)}, which is not ${at['x-expects'] ?? 'allowed'}`,
        `write ${at['x-expects'] ?? 'another value'}${example}`,
      );
  }
}

function unknownKey(
  at: Schema,
  path: KeyPath,
  key: string,
  problem: (code: string, message: string, fix: string, where: KeyPath, part: 'key') => Diagnostic,
): Diagnostic {
  const known = Object.keys(at.properties ?? {});
  const near = suggest(key, known);
  const place = path.length > 0 ? `${path.join('.')} has` : 'the file has';
  const fix = near ? `did you mean ${near}?` : `delete it, or use ${oneOf(known)}`;
  return problem('unknown-key', `${place} no key "${key}"`, fix, [...path, key], 'key');
}

/** JSON pointer (RFC 6901) to key path; indexes become numbers where the document has a list. */
function pathOf(document: Document, pointer: string): (string | number)[] {
  const path: (string | number)[] = [];
  let value = document.toPlain();
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return path;
}

function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], root);
}

const nouns: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a map of keys',
  array: 'a list',
};

const typeNames = (type: string | readonly string[]) =>
  (typeof type === 'string' ? [type] : type).map((one) => nouns[one] ?? one).join(' or ');

const oneOf = (words: readonly string[]) =>
  words.length < 2 ? (words[0] ?? 'nothing') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of keys';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  return `the ${typeof value} ${value}`;
}

function typeFix(at: Schema, value: unknown, example: string): string {
  if (at.type === 'array' && typeof value === 'string') return `make it a list: [${value}]`;
  if (at.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    const quoted = new RegExp(at.pattern ?? '', 'u').test(String(value));
    return quoted ? `put quotes around it: "${value}"` : `write ${at['x-expects'] ?? 'text'}${example}`;
  }
  if (at.type === 'integer' && typeof value === 'string' && /^\d+$/.test(value))
    return `take the quotes away: ${value}`;
  return `change it to ${typeNames(at.type ?? 'another type')}${example}`;
}

function rangeOf(schema: Schema): string {
  return `a number from ${schema.minimum ?? '…'} to ${schema.maximum ?? '…'}`;
}

function yamlLine(path: KeyPath, value: unknown): string {
  const key = path.findLast((part) => typeof part === 'string');
  return `"${key}: ${
    typeof value === 'string'
      ? value
      : JSON.stringify(value)
          .replaceAll('"', '')
          .replaceAll(/([,:])/g, '$1 ')
  }"`;
}
