import { type FieldError, invalidContent, invalidParameters, notFound } from '../errors.ts';
import { titleMax } from './model.ts';
import type { NoteFields } from './repository.ts';

export const bodyMax = 100_000;
export const pageMax = 50;
const untitled = 'Untitled';
const reportedErrors = 20;

type Check = (value: unknown) => string | undefined;

const checks: Readonly<Record<keyof NoteFields, Check>> = {
  title: (value) => textProblem(typeof value === 'string' ? value.trim() : value, titleMax),
  body: (value) => textProblem(value, bodyMax),
};

/** A whole new note from a request body. Throws a 422 problem that lists every wrong member. */
export function newNote(input: unknown): NoteFields {
  const { title = untitled, body = '' } = noteChanges(input);
  return { title, body };
}

/** The members that a request body sets. Throws a 422 problem that lists every wrong member. */
export function noteChanges(input: unknown): Partial<NoteFields> {
  const errors = contentErrors(input);
  if (errors.length > 0) throw invalidContent(errors.slice(0, reportedErrors));
  const { title, body } = input as Partial<NoteFields>;
  return {
    ...(title === undefined ? {} : { title: title.trim() || untitled }),
    ...(body === undefined ? {} : { body }),
  };
}

function contentErrors(input: unknown): FieldError[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return [{ pointer: '#', detail: 'must be a JSON object' }];
  }
  return Object.entries(input).flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof NoteFields] : undefined;
    const detail = check ? check(value) : 'is not a field of a note';
    return detail === undefined ? [] : [{ pointer: pointer(name), detail }];
  });
}

/** A JSON pointer as URI fragment, RFC 6901 section 6; long names are cut, because they come from the client. */
function pointer(name: string): string {
  const token = name.slice(0, 80).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
  return `#/${encodeURIComponent(token)}`;
}

function textProblem(value: unknown, max: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (longerThan(value, max)) return `must be at most ${max} characters`;
  // PostgreSQL's text holds neither: NUL is refused by the server, a lone surrogate has no UTF-8 form.
  if (value.includes('\0')) return 'must not contain NUL characters';
  return value.isWellFormed() ? undefined : 'must be well-formed Unicode (it contains a lone surrogate)';
}

/** Counts code points, as PostgreSQL's varchar(n) does. */
const longerThan = (text: string, max: number) =>
  text.length > max && (text.length > 2 * max || [...text].length > max);

/** The id in a path. Anything that cannot be the id of a note is an address without a note: 404. */
export function noteId(text: unknown): number {
  const id = positiveInteger(text);
  if (id === undefined) throw notFound('There is no such note.');
  return id;
}

/** `limit` and `before` of a list request. Throws a 400 problem; unknown parameters are ignored. */
export function pageQuery(query: Readonly<Record<string, unknown>>): { limit: number; before?: number | undefined } {
  const limit = query.limit === undefined ? pageMax : positiveInteger(query.limit);
  const before = positiveInteger(query.before);
  const errors: FieldError[] = [];
  if (limit === undefined || limit > pageMax) {
    errors.push({ parameter: 'limit', detail: `must be a whole number from 1 to ${pageMax}` });
  }
  if (query.before !== undefined && before === undefined) {
    errors.push({ parameter: 'before', detail: 'must be the id of a note' });
  }
  if (errors.length > 0) throw invalidParameters(errors);
  return { limit: limit ?? pageMax, before };
}

/** Ids beyond 2^53 - 1 fit a bigint but not a JSON number, so they are never given out. */
function positiveInteger(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[1-9]\d{0,15}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
