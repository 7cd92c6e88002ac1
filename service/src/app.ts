import express, { type Express, type RequestHandler, Router } from 'express';
import { type Health, healthRoutes } from './http/health.ts';
import { problemHandler, unknownRoute } from './http/problems.ts';
import { assignRequestId } from './http/request-id.ts';
import { logRequests } from './http/request-log.ts';
import { resource } from './http/resource.ts';
import type { Log } from './log.ts';
import type { NotesRepository } from './notes/repository.ts';
import { notesPath, notesRoutes } from './notes/router.ts';
import { name, version } from './package.ts';

export interface AppParts extends Health {
  log: Log;
  notes: NotesRepository;
  bodyLimitBytes: number;
}

/** The HTTP application, without a socket: every request gets an id, one log line, and on failure a problem document. */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(assignRequestId, logRequests(parts.log), commonHeaders);
  app.use(indexRoute(), healthRoutes(parts), notesRoutes(parts.notes, parts.bodyLimitBytes));
  app.use(unknownRoute, problemHandler(parts.log));
  return app;
}

const commonHeaders: RequestHandler = (_request, response, next) => {
  response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  next();
};

function indexRoute(): Router {
  const router = Router();
  resource(router, '/', {
    get: (_request, response) => {
      response.json({ name, version, links: { notes: notesPath, health: '/healthz', readiness: '/readyz' } });
    },
  });
  return router;
}
