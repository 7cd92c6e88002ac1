import { seconds } from '../../spec/units.ts';
import type { Context } from '../render.ts';
import { from, type Traced, tracer } from '../trace.ts';
import { hasVariableHsts, hstsValue } from './headers.ts';
import { speaksProxyProtocol } from './listen.ts';
import { ownName, type Site } from './site.ts';

/** Traced entries of a list of deploy.yaml. */
const listed = (key: string, values: readonly string[]): Traced[] =>
  values.map((value, index) => from(`${key}.${index}`, value));

/** Variables, zones and the log's format, which stand outside the servers and so carry the project's name. */
export function siteVariables(site: Site): Context {
  const { spec, proxy } = site;
  const key = tracer(spec);
  const { addresses, protocol } = proxy.loadBalancer;
  const tellsScheme = site.balanced && protocol === 'header';
  return {
    websockets: key('proxy.websockets'),
    balancers: tellsScheme ? [{ id: ownName(site), networks: listed('proxy.loadBalancer.addresses', addresses) }] : [],
    proxyProtocolEndsTls: from('proxy.loadBalancer.protocol', speaksProxyProtocol(proxy) && !site.tls),
    hsts: hasVariableHsts(site) ? [{ id: ownName(site), value: from('tls.hsts', hstsValue(site)) }] : [],
    addressLists: addressLists(site),
    maintenance: key('proxy.maintenance.enabled'),
    open: healthPaths(site),
    cdn: proxy.cdn ? [{ id: ownName(site) }] : [],
    cors: cors(site),
    zones: requestZones(site),
    query: key('proxy.log.query'),
  };
}

/** Paths by which others watch the program, whatever else is closed. */
function healthPaths({ spec }: Site): Traced[] {
  const { ready, live } = spec.app.health;
  return [from('app.health.ready', ready), ...(live === ready ? [] : [from('app.health.live', live)])];
}

/** Variables that tell whether an address is in a list. */
function addressLists(site: Site): Context[] {
  const { allow, deny, maintenance } = site.proxy;
  const { metrics } = site.spec.observability;
  const list = (key: string, purpose: string, suffix: string, networks: readonly string[], isListed: boolean) => ({
    purpose: from(key, purpose, 'foreign'),
    variable: ownName(site, suffix, key),
    others: from(key, isListed ? 0 : 1),
    listed: from(key, isListed ? 1 : 0),
    networks: listed(key, networks),
  });
  return [
    ...(deny.length > 0 ? [list('proxy.deny', 'Addresses that may not use the site', 'denied', deny, true)] : []),
    ...(allow.length > 0 ? [list('proxy.allow', 'All but these are refused', 'outsider', allow, false)] : []),
    ...(maintenance.enabled
      ? [list('proxy.maintenance.allow', 'All but these see the page', 'visitor', maintenance.allow, false)]
      : []),
    ...(metrics.enabled
      ? [list('observability.metrics.allow', 'All but these find no metrics', 'stranger', metrics.allow, false)]
      : []),
  ];
}

function cors(site: Site): Context[] {
  const { origins, methods, headers, credentials, maxAge } = site.proxy.cors;
  if (origins.length === 0) return [];
  return [
    {
      id: ownName(site),
      origins: listed('proxy.cors.origins', origins),
      methods: from('proxy.cors.methods', methods.join(', ')),
      headers: from('proxy.cors.headers', headers.join(', ')),
      maxAge: from('proxy.cors.maxAge', seconds(maxAge)),
      credentials: from('proxy.cors.credentials', credentials),
    },
  ];
}

/** Ten megabytes count 160,000 addresses; a route of its own gets a tenth of that. */
function requestZones(site: Site): Context[] {
  const { limits, routes } = site.proxy;
  const zone = (key: string, suffix: string, counted: Traced, size: string, rate: string) => ({
    zone: ownName(site, suffix, key),
    counted,
    size: from(key, size),
    rate: from(key, rate),
  });
  const client = from('proxy.limits', 'binary_remote_addr', 'identifier');
  return [
    ...(limits.rate ? [zone('proxy.limits.rate', 'requests', client, '10m', limits.rate)] : []),
    zone('proxy.limits.writeRate', 'writes', ownName(site, 'writer'), '10m', limits.writeRate),
    ...routes.flatMap(({ rate }, index) =>
      rate ? [zone(`proxy.routes.${index}.rate`, routeZone(index), client, '1m', rate)] : [],
    ),
  ];
}

/** The zone that counts the requests of a route with a rate of its own. */
export const routeZone = (index: number): string => `route_${index + 1}`;
