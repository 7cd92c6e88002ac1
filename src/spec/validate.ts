import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Diagnostic, TextEdit } from '../diagnostic.ts';
import type { Document, KeyPath, Part } from './document.ts';
import { deleteAt, inlineYaml, insertEntry, renameKey, replaceValue, sourceOf } from './edits.ts';
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
  const errors = (contract.validate.errors ?? []).filter(
    ({ keyword, propertyName }) => keyword !== 'if' && keyword !== '$ref' && propertyName === undefined,
  );
  const meant = new Set(errors.flatMap((error) => meantKey(contract.schema, document, error)));
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
  return errors
    .filter((error) => error.keyword !== 'required' || !meant.has(missingFrom(error)))
    .filter(({ keyword, instancePath }) => keyword === 'type' || !mistyped.has(instancePath))
    .map((error) => explain(contract.schema, document, error))
    .sort(byPlace);
}

/** The key, as a pointer, that a misspelt one stands for: it is not missing, and one message about it is enough. */
function meantKey(schema: Schema, document: Document, { keyword, instancePath, params }: ErrorObject): string[] {
  if (keyword !== 'additionalProperties') return [];
  const path = pathOf(document, instancePath);
  const near = suggestedKey(schemaAt(schema, path), document, path, params.additionalProperty);
  return near ? [`${instancePath}/${near}`] : [];
}

const missingFrom = ({ instancePath, params }: ErrorObject) => `${instancePath}/${params.missingProperty}`;

/** The known key that is not there yet and that an unknown one most likely means. */
function suggestedKey(at: Schema | undefined, document: Document, path: KeyPath, key: string): string | undefined {
  const known = Object.keys(at?.properties ?? {});
  return suggest(
    key,
    known.filter((one) => !document.standTogether(path, key, one)),
  );
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
  /** Two equal items of a list. */
  readonly i: number;
  readonly j: number;
}

/** One error of ajv with what is needed to say it to people. */
interface Fault {
  readonly schema: Schema;
  readonly document: Document;
  readonly path: KeyPath;
  readonly params: Params;
  /** The key path in words, and the schema and the value there. */
  readonly name: string;
  readonly at: Schema;
  readonly value: unknown;
  /** `, for example "key: value"` where the schema has an example. */
  readonly example: string;
}

function explain(schema: Schema, document: Document, error: ErrorObject): Diagnostic {
  const path = pathOf(document, error.instancePath);
  const at = schemaAt(schema, path) ?? {};
  const example = at.examples?.[0] === undefined ? '' : `, for example ${yamlLine(path, at.examples[0])}`;
  const name = path.length > 0 ? path.join('.') : 'the file';
  const value = valueAt(document.toPlain(), path);
  const fault = { schema, document, path, params: error.params as Params, name, at, value, example };
  return (explanations[error.keyword] ?? badFormat)(fault);
}

/** A diagnostic about a fault, at its path when nothing else is said; `edit` is what the fix does to the file. */
function problem(
  { document, path }: Fault,
  [code, message, fix]: readonly [string, string, string],
  { edit, where = path, part = 'value' }: { edit?: TextEdit | undefined; where?: KeyPath; part?: Part } = {},
): Diagnostic {
  const said = document.problem(where, part, { severity: 'error', code: `schema.${code}`, message, fix });
  return edit ? { ...said, edit } : said;
}

/** By keyword of JSON Schema; any other is about the format of a value. */
const explanations: Readonly<Record<string, (fault: Fault) => Diagnostic>> = {
  additionalProperties: unknownKey,
  required: missingKey,
  type: wrongType,
  enum: unknownValue,
  propertyNames: badKeyName,
  minimum: outOfRange,
  maximum: outOfRange,
  minItems: (fault) => {
    const example = fault.at.examples?.[0];
    const edit = example === undefined ? undefined : replaceValue(fault.document, fault.path, inlineYaml(example));
    return problem(fault, ['too-few', `${fault.name} has no entry`, `add at least one${fault.example}`], { edit });
  },
  uniqueItems: (fault) => {
    const where = [...fault.path, Math.max(fault.params.i, fault.params.j)];
    const edit = deleteAt(fault.document, where);
    return problem(fault, ['repeated', `${fault.name} lists the same entry twice`, 'delete one of them'], {
      edit,
      where,
    });
  },
};

function badFormat(fault: Fault): Diagnostic {
  const { name, value, at, example } = fault;
  const message = `${name} is ${describe(value)}, which is not ${at['x-expects'] ?? 'allowed'}`;
  return problem(fault, ['format', message, `write ${at['x-expects'] ?? 'another value'}${example}`]);
}

function missingKey(fault: Fault): Diagnostic {
  const { schema, document, path, params } = fault;
  const missing = params.missingProperty;
  const example = schemaAt(schema, [...path, missing])?.examples?.[0];
  const say = example === undefined ? '' : `: ${yamlLine([missing], example)}`;
  const edit = example === undefined ? undefined : insertEntry(document, path, missing, example);
  const message = `${[...path, missing].join('.')} is missing`;
  return problem(fault, ['required', message, `add it${say}`], { edit, part: 'key' });
}

function unknownValue(fault: Fault): Diagnostic {
  const { document, path, name, value, params } = fault;
  const allowed = params.allowedValues.map(String);
  const near = suggest(String(value), allowed);
  const fix = near ? `did you mean ${near}?` : `use ${oneOf(allowed)}`;
  const wanted = params.allowedValues.find((one) => String(one) === near);
  const edit = near ? replaceValue(document, path, inlineYaml(wanted)) : undefined;
  return problem(fault, ['enum', `${name} cannot be ${describe(value)}`, fix], { edit });
}

function badKeyName(fault: Fault): Diagnostic {
  const { path, name, at, params } = fault;
  const where = [...path, params.propertyName];
  const message = `${where.join('.')} is not a name that ${name} accepts`;
  return problem(fault, ['key-name', message, `use ${at['x-expects'] ?? 'another name'}`], { where, part: 'key' });
}

function outOfRange(fault: Fault): Diagnostic {
  const { name, value, at } = fault;
  return problem(fault, ['range', `${name} is ${value}, out of range`, `use ${rangeOf(at)}`]);
}

function unknownKey(fault: Fault): Diagnostic {
  const { document, path, at, params } = fault;
  const key = params.additionalProperty;
  const known = Object.keys(at.properties ?? {});
  const near = suggestedKey(at, document, path, key);
  const place = path.length > 0 ? `${path.join('.')} has` : 'the file has';
  const fix = near ? `did you mean ${near}?` : `delete it, or use ${oneOf(known)}`;
  const where = [...path, key];
  const edit = near ? renameKey(document, where, near) : deleteAt(document, where);
  return problem(fault, ['unknown-key', `${place} no key "${key}"`, fix], { edit, where, part: 'key' });
}

function wrongType(fault: Fault): Diagnostic {
  const { name, at, value, params, document, path, example } = fault;
  const message = `${name} must be ${typeNames(at.type ?? params.type)}, but this is ${describe(value)}`;
  const typed = typedAnew(fault);
  if (typed) {
    const edit = replaceValue(document, path, typed.yaml);
    return problem(fault, ['type', message, `${typed.how}: ${typed.yaml}`], { edit });
  }
  const isWord = at.type === 'string' && (typeof value === 'number' || typeof value === 'boolean');
  const wanted = isWord ? `write ${at['x-expects'] ?? 'text'}` : `change it to ${typeNames(at.type ?? 'another type')}`;
  return problem(fault, ['type', message, `${wanted}${example}`]);
}

/** How a value is written so that it has the type that the schema wants, where that only takes quotes or brackets. */
function typedAnew({ schema, at, value, document, path }: Fault): { how: string; yaml: string } | undefined {
  const source = sourceOf(document, path) ?? String(value);
  if (at.type === 'array' && typeof value === 'string' && allows(schemaAt(schema, [...path, 0]), value))
    return { how: 'make it a list', yaml: `[${inlineYaml(value)}]` };
  if ((typeof value === 'number' || typeof value === 'boolean') && allows(at, source))
    return { how: 'put quotes around it', yaml: `"${source}"` };
  if (typeof value !== 'string' || !/^(\d{1,15}|true|false)$/.test(value)) return undefined;
  return allows(at, JSON.parse(value)) ? { how: 'take the quotes away', yaml: value } : undefined;
}

/** Whether a schema of a single value allows this one, as far as its own keywords say. */
function allows(schema: Schema | undefined, value: string | number | boolean): boolean {
  if (!schema || (schema.enum && !schema.enum.includes(value))) return false;
  if (typeof value === 'string') return schema.type === 'string' && new RegExp(schema.pattern ?? '', 'u').test(value);
  const { minimum = value, maximum = value } = schema;
  return schema.type === (typeof value === 'number' ? 'integer' : 'boolean') && minimum <= value && value <= maximum;
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

function rangeOf(schema: Schema): string {
  return `a number from ${schema.minimum ?? '…'} to ${schema.maximum ?? '…'}`;
}

function yamlLine(path: KeyPath, value: unknown): string {
  const key = path.findLast((part) => typeof part === 'string');
  return `"${key}: ${inlineYaml(value)}"`;
}
