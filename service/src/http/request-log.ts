import type { RequestHandler } from 'express';
import type { Log } from '../log.ts';
import { requestId } from './request-id.ts';

/** One line a request, when its response is out or its client is gone. The query is left out: it may hold private words. */
export function logRequests(log: Log): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const [path] = request.originalUrl.split('?', 1);
    response.once('close', () => {
      log.info('request', {
        requestId: requestId(response),
        method: request.method,
        path,
        // Like Nginx, 499 for a client that left before there was an answer.
        status: response.headersSent ? response.statusCode : 499,
        ms: Math.round((performance.now() - started) * 10) / 10,
        ...(response.writableFinished ? {} : { aborted: true }),
      });
    });
    next();
  };
}
