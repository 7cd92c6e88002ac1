import type { Context } from '../render.ts';
import { from, type Traced, tracer } from '../trace.ts';
import { edgeOf } from './edge.ts';
import { hiddenHeaders, siteHeaders } from './headers.ts';
import { listenOn } from './listen.ts';
import { appUpstream, optional, siteLimits, siteLocations } from './locations.ts';
import { redirectName, type SiteName, siteNames } from './names.ts';
import { sitePlaces } from './places.ts';
import { ownName, type Site, schemeVariable } from './site.ts';

/** Names that are answered in the same way, with the redirects (by index) that hold for them. */
interface NameGroup {
  readonly names: readonly SiteName[];
  readonly redirects: readonly number[];
}

/** The servers that answer: one, and one more for each set of names that redirects single out. */
export function servers(site: Site): Context[] {
  const shared = serverOf(site);
  return nameGroups(site).map(({ names, redirects }) => ({
    ...shared,
    names: names.map(({ key, name }) => from(key, name)),
    ...siteLocations(site, redirects),
  }));
}

function nameGroups({ proxy }: Site): NameGroup[] {
  const groups = new Map<string, { names: SiteName[]; redirects: number[] }>();
  for (const one of siteNames(proxy).own) {
    const redirects = redirectsFor(proxy, one.name);
    const group = groups.get(redirects.join()) ?? { names: [], redirects };
    group.names.push(one);
    groups.set(redirects.join(), group);
  }
  return [...groups.values()];
}

/** Redirects of paths that hold for a name, by their place in `proxy.redirects`. */
const redirectsFor = (proxy: Site['proxy'], name: string): number[] =>
  proxy.redirects.flatMap((redirect, index) => {
    const holds = redirect.from !== undefined && [undefined, name].includes(redirectName(proxy, redirect));
    return holds ? [index] : [];
  });

/** All of a server but its names and its locations. */
function serverOf(site: Site): Context {
  const { spec, proxy, tls } = site;
  const key = tracer(spec);
  const { maintenance } = proxy;
  return {
    ...edgeOf(site),
    ...siteHeaders(site),
    ...forwarding(site),
    hidden: hiddenHeaders(site),
    listen: listenOn(site, tls ? 'secure' : 'plain'),
    bodyLimit: key('proxy.bodyLimit'),
    refused: [
      ...optional(proxy.deny.length > 0, ownName(site, 'denied', 'proxy.deny')),
      ...optional(proxy.allow.length > 0, ownName(site, 'outsider', 'proxy.allow')),
    ],
    maintenance: from('proxy.maintenance.enabled', maintenance.enabled),
    preflights: from('proxy.cors.origins', proxy.cors.origins.length > 0),
    everywhere: key('proxy.auth.everywhere'),
    ...passwordQuestion(site),
    connections: key('proxy.limits.connections'),
    limits: siteLimits(site),
    dryRun: key('proxy.limits.dryRun'),
    gzip: key('proxy.gzip'),
    noGzip: from('proxy.gzip', !proxy.gzip),
    brotli: key('proxy.brotli'),
    connectTimeout: key('proxy.timeouts.connect'),
    sendTimeout: key('proxy.timeouts.send'),
    readTimeout: key('proxy.timeouts.read'),
    idleTimeout: key('proxy.timeouts.idle'),
    app: appLocations(site),
    patches: patches('server', spec.patches.nginx.server),
  };
}

/** The request headers that the program gets from the proxy. */
function forwarding(site: Site): Context {
  const { websockets } = site.proxy;
  return {
    scheme: schemeVariable(site),
    upgrade: optional(websockets, ownName(site, 'connection', 'proxy.websockets')),
    noUpgrade: optional(!websockets, from('proxy.websockets', '')),
  };
}

/** RFC 7617: the realm is a quoted string, in which quotes and backslashes are escaped once more. */
const passwordQuestion = ({ spec, proxy }: Site): Context => ({
  realm: from('proxy.auth.realm', proxy.auth.realm.replaceAll(/["\\]/g, '\\$&'), 'nginx-text'),
  passwords: from('proxy.auth.users', sitePlaces(spec.name).passwords),
});

/** Where requests for the program go: the rest of the paths, and files that are not there where a folder says so. */
function appLocations(site: Site): Context[] {
  const { location } = site.spec.patches.nginx;
  const one = (key: string, place: string): Context => ({
    place: from(key, place),
    target: from(key, appUpstream(site)),
    repeated: location.length > 0 ? [{ ...forwarding(site), ...siteHeaders(site) }] : [],
    patches: patches('location', location),
  });
  const { static: folders } = site.proxy;
  return [
    ...(folders.some(({ path }) => path === '/') ? [] : [one('proxy', '/')]),
    ...(folders.some(({ fallback }) => fallback === 'app') ? [one('proxy.static', '@app')] : []),
  ];
}

const patches = (block: string, lines: readonly string[]): Traced[] =>
  lines.map((line, index) => from(`patches.nginx.${block}.${index}`, line, 'foreign'));
