import { layout } from '../../resources/layout.ts';
import type { ResolvedProxy, ResolvedRedirect } from '../../spec/types.ts';
import { seconds } from '../../spec/units.ts';
import type { Context } from '../render.ts';
import { from, type Traced } from '../trace.ts';
import { siteHeaders } from './headers.ts';
import { claimedPaths } from './paths.ts';
import { sitePlaces } from './places.ts';
import { ownName, type Site } from './site.ts';
import { routeZone } from './variables.ts';

/** A value where a condition holds; templates go through it with `each`. */
export const optional = (holds: boolean, value: Traced): Traced[] => (holds ? [value] : []);

/** The URL of the program's upstream. */
export const appUpstream = (site: Site): string => `http://${ownName(site, 'app').value}`;

/** The locations of a server beside those that lead to the program; `redirects` are the ones that hold for its names. */
export const siteLocations = (site: Site, redirects: readonly number[]): Context => ({
  redirects: redirects.map((index) => redirectLocation(site, index)),
  static: site.proxy.static.map((_, index) => staticLocation(site, index)),
  routes: site.proxy.routes.map((_, index) => routeLocation(site, index)),
  metrics: metricsLocation(site, redirects),
  pages: maintenancePage(site),
});

/** The exact path, or with a slash at its end everything below it; the start page alone for "/". */
function placeOf(key: string, path: string): Context {
  const isBelow = path.endsWith('/') && path !== '/';
  return { exact: from(key, !isBelow), below: from(key, isBelow), path: from(key, path) };
}

/** How one redirect of `proxy.redirects` answers. */
export const redirectAnswer = ({ code, to, keepPath }: ResolvedRedirect, index: number): Context => ({
  code: from(`proxy.redirects.${index}.code`, code),
  target: from(`proxy.redirects.${index}.to`, keepPath ? to.replace(/\/$/, '') : to),
  keepPath: from(`proxy.redirects.${index}.keepPath`, keepPath),
});

function redirectLocation({ proxy }: Site, index: number): Context {
  const redirect = proxy.redirects[index] as ResolvedRedirect;
  return { ...placeOf(`proxy.redirects.${index}.from`, redirect.from ?? '/'), ...redirectAnswer(redirect, index) };
}

/** A folder of the live release. Both paths end with a slash, or one could leave the folder. */
function staticLocation(site: Site, index: number): Context {
  const { spec, proxy } = site;
  const one = proxy.static[index] as ResolvedProxy['static'][number];
  const key = `proxy.static.${index}`;
  const base = proxy.cdn?.replace(/\/$/, '');
  return {
    exact: from(key, false),
    below: from(key, true),
    path: from(`${key}.path`, one.path),
    cdn: base === undefined ? [] : [{ id: ownName(site), url: from('proxy.cdn', base) }],
    folder: from(`${key}.folder`, `${layout(spec.name).liveRelease}/app/${one.folder}/`),
    askApp: from(`${key}.fallback`, one.fallback === 'app'),
    gzip: from('proxy.gzip', proxy.gzip),
    brotli: from('proxy.brotli', proxy.brotli),
    ...siteHeaders(site),
    maxAge: from(`${key}.maxAge`, seconds(one.maxAge)),
    immutable: from(`${key}.immutable`, one.immutable),
  };
}

function routeLocation(site: Site, index: number): Context {
  const route = site.proxy.routes[index] as ResolvedProxy['routes'][number];
  const key = `proxy.routes.${index}`;
  const { allow = [], bodyLimit, readTimeout, rate } = route;
  return {
    ...placeOf(`${key}.path`, route.path),
    target: from(`${key}.to`, route.to === 'app' ? appUpstream(site) : route.to),
    bodyLimit: bodyLimit ? [from(`${key}.bodyLimit`, bodyLimit)] : [],
    readTimeout: readTimeout ? [from(`${key}.readTimeout`, readTimeout)] : [],
    unbuffered: from(`${key}.buffering`, !route.buffering),
    limits: rate ? [...siteLimits(site), limit(site, `${key}.rate`, routeZone(index), route.burst)] : [],
    allow: allow.map((network, at) => from(`${key}.allow.${at}`, network)),
    restricted: from(`${key}.allow`, allow.length > 0),
    asks: from(`${key}.auth`, route.auth),
  };
}

/** The zones that count every request. A location with one of its own names these again, or they would not count there. */
export function siteLimits(site: Site): Context[] {
  const { rate, burst, writeBurst } = site.proxy.limits;
  return [
    ...(rate ? [limit(site, 'proxy.limits.burst', 'requests', burst)] : []),
    limit(site, 'proxy.limits.writeBurst', 'writes', writeBurst),
  ];
}

const limit = (site: Site, key: string, zone: string, burst: number): Context => ({
  zone: ownName(site, zone, key),
  // Nginx takes no burst of 0, which is what it does without one.
  burst: optional(burst > 0, from(key, burst)),
});

/** The program's metrics are shown to few, or hidden from all; a path that the file gives away otherwise is left to that. */
function metricsLocation(site: Site, redirects: readonly number[]): Context[] {
  const { enabled, path } = site.spec.observability.metrics;
  const key = 'observability.metrics';
  if (!enabled && claimedPaths(site.proxy, redirects).includes(path)) return [];
  return [
    {
      ...placeOf(`${key}.path`, path),
      id: ownName(site),
      shown: from(`${key}.enabled`, enabled),
      hidden: from(`${key}.enabled`, !enabled),
      target: from(`${key}.path`, appUpstream(site)),
    },
  ];
}

function maintenancePage(site: Site): Context[] {
  const { enabled, retryAfter } = site.proxy.maintenance;
  if (!enabled) return [];
  const page: Context = {
    folder: from('name', sitePlaces(site.spec.name).pages),
    ...siteHeaders(site),
    retryAfter: from('proxy.maintenance.retryAfter', seconds(retryAfter)),
  };
  return [page];
}
