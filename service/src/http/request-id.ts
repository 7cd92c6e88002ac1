import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

// Short and without characters that mean something to a log, a header or a URI.
const acceptable = /^[A-Za-z0-9._-]{1,64}$/;

/** Takes over the caller's X-Request-Id when it is harmless, makes one otherwise, and echoes it. */
export const assignRequestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  const id = given !== undefined && acceptable.test(given) ? given : randomUUID();
  response.locals.requestId = id;
  response.set('X-Request-Id', id);
  next();
};

export const requestId = (response: Response): string => String(response.locals.requestId);
