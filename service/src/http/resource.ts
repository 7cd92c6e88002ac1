import type { RequestHandler, Router } from 'express';
import { Problem } from '../errors.ts';

type Method = 'get' | 'post' | 'patch' | 'delete';
export type Methods = Partial<Record<Method, RequestHandler | RequestHandler[]>>;

/** Adds a path with all its methods; any other method gets 405 and Allow (RFC 9110 section 15.5.6), OPTIONS gets 204 and Allow. */
export function resource(router: Router, path: string, methods: Methods) {
  const route = router.route(path);
  for (const [method, handlers] of Object.entries(methods)) route[method as Method](...[handlers].flat());
  const allow = allowed(methods);
  route.all((request, response) => {
    if (request.method !== 'OPTIONS') throw methodNotAllowed(request.method, allow);
    response.status(204).set('Allow', allow).end();
  });
}

/** Express answers HEAD with the handler for GET. */
function allowed(methods: Methods): string {
  const names = Object.keys(methods).map((method) => method.toUpperCase());
  return [...names, ...(methods.get ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

const methodNotAllowed = (method: string, allow: string) =>
  new Problem(405, `${method} is not possible here; allowed: ${allow}.`, { headers: { Allow: allow } });
