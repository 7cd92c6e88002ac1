import type { ErrorRequestHandler, RequestHandler } from 'express';
import { databaseProblem } from '../db/errors.ts';
import { notFound, Problem, problemMediaType } from '../errors.ts';
import { errorFields, type Log } from '../log.ts';
import { requestId } from './request-id.ts';

/** What body-parser 2 names in `error.type`, as the client should hear it. */
const bodyProblems: Readonly<Record<string, { status: number; detail: string }>> = {
  'entity.parse.failed': { status: 400, detail: 'The request body is not valid JSON.' },
  'entity.empty': { status: 400, detail: 'The request body is empty; send a JSON object.' },
  'entity.encoding': { status: 400, detail: 'The request body is not valid UTF-8.' },
  'entity.too.large': { status: 413, detail: 'The request body is larger than this service accepts.' },
  'charset.unsupported': { status: 415, detail: 'Send JSON in UTF-8.' },
  'encoding.unsupported': { status: 415, detail: 'The Content-Encoding of the request is not supported.' },
};

/** Everything that can be thrown while a request is served, as a problem; what is not recognised is a 500 without details. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // Express decodes path segments with decodeURIComponent; no note has a name that cannot be decoded.
  if (error instanceof URIError) return notFound('There is nothing at this address.');
  const { type, status } = Object(error) as { type?: unknown; status?: unknown };
  const known = typeof type === 'string' && Object.hasOwn(bodyProblems, type) ? bodyProblems[type] : undefined;
  if (known) return new Problem(known.status, known.detail, { cause: error });
  if (isClientStatus(status)) return new Problem(status, 'The request could not be read.', { cause: error });
  return databaseProblem(error) ?? new Problem(500, 'Something went wrong on our side.', { cause: error });
}

const isClientStatus = (status: unknown): status is number =>
  typeof status === 'number' && status >= 400 && status <= 499;

export const unknownRoute: RequestHandler = () => {
  throw notFound('There is nothing at this address.');
};

/** The last middleware: sends the problem, and logs what only the operator may see. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error, _request, response, next) => {
    const problem = toProblem(error);
    const id = requestId(response);
    if (problem.status >= 500) {
      // A 503 passes by itself; anything else wants a person.
      const level = problem.status === 503 ? 'warn' : 'error';
      log[level]('request failed', { requestId: id, status: problem.status, ...errorFields(problem.cause ?? error) });
    }
    if (response.headersSent) return next(error);
    response.status(problem.status).set(problem.headers).type(problemMediaType);
    response.send(JSON.stringify(problem.document(id)));
  };
}
