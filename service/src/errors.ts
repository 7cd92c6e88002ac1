import { STATUS_CODES } from 'node:http';

/** One wrong member of a request: a JSON pointer as URI fragment (RFC 6901 section 6), or the name of a query parameter. */
export type FieldError = { pointer: string; detail: string } | { parameter: string; detail: string };

interface ProblemOptions {
  type?: string;
  title?: string;
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** A problem details document, RFC 9457 section 3. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  errors?: readonly FieldError[];
}

/**
 * An error that says what the client may know: `detail` is for people, `headers` go out with the response (Allow, Retry-After).
 * Without a `type` of its own it is `about:blank`, whose title is the status phrase (RFC 9457 section 4.2.1).
 */
export class Problem extends Error {
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.status = status;
    this.type = options.type ?? 'about:blank';
    this.title = options.title ?? STATUS_CODES[status] ?? 'Error';
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }

  /** The document to send; `instance` is the request id, by which the log lines of this occurrence are found. */
  document(instance: string): ProblemDocument {
    const { type, title, status, message: detail, errors } = this;
    return { type, title, status, detail, instance, ...(errors === undefined ? {} : { errors }) };
  }
}

export const problemMediaType = 'application/problem+json';

export const notFound = (detail: string) => new Problem(404, detail);

export const invalidContent = (errors: readonly FieldError[]) =>
  new Problem(422, 'The note was not accepted; "errors" says why.', {
    // A tag URI (RFC 4151): a name that nobody needs to resolve, as RFC 9457 section 3.1.1 allows.
    type: 'tag:notes.example,2026:invalid-content',
    title: 'Invalid content',
    errors,
  });

export const invalidParameters = (errors: readonly FieldError[]) =>
  new Problem(400, 'The query was not understood; "errors" says why.', {
    type: 'tag:notes.example,2026:invalid-parameters',
    title: 'Invalid query parameters',
    errors,
  });

/** 503 with the seconds after which another attempt makes sense (RFC 9110 section 10.2.3). */
export const unavailable = (detail: string, cause?: unknown) =>
  new Problem(503, detail, { headers: { 'Retry-After': '2' }, cause });
