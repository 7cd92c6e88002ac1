import { gatePort, layout } from '../../resources/layout.ts';
import { type Context, type Rendered, render } from '../render.ts';
import { acmeWebroot } from '../tls/places.ts';
import { addressFor, challengePeers, hasRole, upstreamHosts } from '../topology.ts';
import { from, tracer } from '../trace.ts';
import { edgeOf } from './edge.ts';
import { siteHeaders } from './headers.ts';
import { listenOn } from './listen.ts';
import { redirectAnswer } from './locations.ts';
import { siteNames, type Twin } from './names.ts';
import { servers } from './servers.ts';
import type { Site } from './site.ts';
import { siteVariables } from './variables.ts';

/**
 * The site's file: the upstream, its variables and zones, and the servers.
 *
 * @throws UnwritableValue for a value that Nginx cannot take; rules refuse these before.
 */
export function siteFile(site: Site): Rendered {
  const { spec, proxy, target, tls } = site;
  const key = tracer(spec);
  const edge = edgeOf(site);
  const { own, twins, moved } = siteNames(proxy);
  return render(site.templates, 'nginx/site.conf', 'nginx', {
    ...edge,
    ...siteVariables(site),
    name: key('name'),
    version: from('name', target.nginx.version),
    sticky: key('proxy.sticky'),
    ...upstreams(site),
    plain: listenOn(site, 'plain'),
    names: [...own, ...twins, ...moved].map((one) => from(one.key, one.name)),
    acmeFolder: from('tls.provider', acmeWebroot),
    ...challenges(site),
    ownHttpsPort: from('proxy.httpsPort', proxy.httpsPort !== 443),
    httpsPort: key('proxy.httpsPort'),
    moved: [...twins.map((twin) => twinServer(site, twin)), ...movedServers(site)].map((server) => ({
      ...edge,
      ...siteHeaders(site),
      listen: listenOn(site, tls ? 'secure' : 'plain'),
      ...server,
    })),
    servers: servers(site),
    patches: spec.patches.nginx.http.map((line, index) => from(`patches.nginx.http.${index}`, line, 'foreign')),
  });
}

/**
 * The instances: over sockets of the live slot on the same host, else over TCP. There, neighbours in the list are on
 * different hosts, so that a second try leaves a host that is down.
 */
function upstreams({ spec, host }: Site): Context {
  const { app, name } = spec;
  const numbers = Array.from({ length: app.instances }, (_, index) => index + 1);
  const paths = layout(name);
  const isLocal = hasRole(host, 'app');
  if (isLocal && app.runtime === 'systemd') {
    const socket = (instance: number) => `unix:${paths.socket(paths.live, instance)}`;
    return { sockets: numbers.map((instance) => from('app.instances', socket(instance))), addresses: [] };
  }
  const hosts = isLocal ? ['127.0.0.1'] : upstreamHosts(spec.hosts, host).map(addressFor);
  const addresses = (instance: number) =>
    hosts.map((one) => from('app.port', `${bracketed(one)}:${gatePort(app.port, instance)}`));
  return { sockets: [], addresses: numbers.flatMap(addresses) };
}

/** Where a challenge is looked for that this host did not ask for. */
function challenges({ spec, host, proxy }: Site): Context {
  const peers = challengePeers(spec, spec.hosts, host).map(addressFor);
  return {
    shared: from('tls.challenge', peers.length > 0),
    alone: from('tls.challenge', peers.length === 0),
    peers: peers.map((one) => from('tls.challenge', `${bracketed(one)}:${proxy.port}`)),
  };
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);

/** A server that sends a twin to the real name, over whatever scheme the client came by. */
function twinServer({ proxy, tls, balanced }: Site, { name, key, target }: Twin): Context {
  const port = tls ? proxy.httpsPort : proxy.port;
  const isUsual = balanced || port === (tls ? 443 : 80);
  return {
    name: from(key, name),
    code: from(key, 308),
    target: from(key, `${tls ? 'https:' : ''}//${target}${isUsual ? '' : `:${port}`}`),
    keepPath: from(key, true),
  };
}

/** Servers of names that `proxy.redirects` redirects as a whole. */
const movedServers = ({ proxy }: Site): Context[] =>
  siteNames(proxy).moved.map(({ name, key, redirect, index }) => ({
    name: from(key, name),
    ...redirectAnswer(redirect, index),
  }));
