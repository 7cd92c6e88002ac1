import { Router } from 'express';
import { unavailable } from '../errors.ts';
import { resource } from './resource.ts';

export interface Health {
  /** True from the first SIGTERM on. */
  isDraining(): boolean;
  /** Resolves when the database has answered in time; rejects otherwise. */
  ping(): Promise<void>;
}

/** `/healthz`: this process runs. `/readyz`: send it requests; 503 while the database is away or the process is leaving. */
export function healthRoutes({ isDraining, ping }: Health): Router {
  const router = Router();
  resource(router, '/healthz', {
    get: (_request, response) => {
      response.json({ status: 'ok' });
    },
  });
  resource(router, '/readyz', {
    get: async (_request, response) => {
      if (isDraining()) throw unavailable('This process is shutting down.');
      await ping();
      response.json({ status: 'ready' });
    },
  });
  return router;
}
