/** What the packet filter lets in, derived from what the parts of the project listen on and who uses them. */
import { familyOf } from '../../spec/network.ts';
import type { ResolvedHostFile } from '../../spec/types.ts';
import type { CompileInput } from '../compile.ts';
import type { Context } from '../render.ts';
import { addressFor, cacheHost, databaseClients, hasRemoteProxy, hasRole, hostsWith } from '../topology.ts';
import { from, type Traced } from '../trace.ts';
import { usualSshPort } from './places.ts';

/** Ports that one source may reach, or everybody when there is none. */
export interface Opening extends Context {
  readonly port: Traced;
  readonly protocol: Traced;
  readonly limited: Traced;
  readonly network?: Traced;
  readonly family?: Traced;
}

/** Networks of a list, each traced to its own place; `[undefined]`, which is everybody, when the list is empty. */
const sourcesOf = (key: string, networks: readonly string[]): (Traced | undefined)[] =>
  networks.length > 0 ? networks.map((network, index) => from(`${key}.${index}`, network)) : [undefined];

function opening(port: Traced, protocol: Traced, network?: Traced): Opening {
  const base = { port, protocol, limited: from(network?.key ?? port.key, network !== undefined) };
  return network ? { ...base, network, family: from(network.key, familyOf(String(network.value))) } : base;
}

const openings = (port: Traced, protocol: Traced, sources: readonly (Traced | undefined)[]) =>
  sources.map((source) => opening(port, protocol, source));

const tcp = (key: string) => from(key, 'tcp');

/** SSH: the port that host.yaml names, and the usual one, which is the real one behind address translation. */
export function sshOpenings({ spec, host }: CompileInput): Opening[] {
  const ports = [...new Set([host.port, usualSshPort])];
  const sources = sourcesOf('host.ssh.allow', spec.host.ssh.allow);
  return ports.flatMap((port) => openings(from('host.ssh', port), tcp('host.ssh'), sources));
}

/** Everything else that a host serves to others. */
export const serviceOpenings = (input: CompileInput): Opening[] => [
  ...siteOpenings(input),
  ...appOpenings(input),
  ...databaseOpenings(input),
  ...cacheOpenings(input),
  ...ownOpenings(input),
];

function siteOpenings({ spec: { proxy, tls }, host }: CompileInput): Opening[] {
  if (!proxy || !hasRole(host, 'proxy')) return [];
  const sources = sourcesOf('proxy.loadBalancer.addresses', proxy.loadBalancer.addresses);
  const http = openings(from('proxy.port', proxy.port), tcp('proxy.port'), sources);
  if (tls.provider === 'none') return http;
  const httpsPort = from('proxy.httpsPort', proxy.httpsPort);
  const https = openings(httpsPort, tcp('proxy.httpsPort'), sources);
  const quic = proxy.http3 ? openings(httpsPort, from('proxy.http3', 'udp'), sources) : [];
  return [...http, ...https, ...quic];
}

/** Other hosts of the project as sources; `key` is what makes them clients. */
const clients = (key: string, hosts: readonly ResolvedHostFile[]) => hosts.map((host) => from(key, addressFor(host)));

function appOpenings({ spec, host }: CompileInput): Opening[] {
  if (!hasRemoteProxy(spec, spec.hosts, host)) return [];
  const { port, instances } = spec.app;
  const ports = from('app.port', instances > 1 ? `${port}-${port + instances - 1}` : port);
  const proxies = hostsWith(spec.hosts, 'proxy').filter((proxy) => !hasRole(proxy, 'app'));
  return openings(ports, tcp('app.port'), clients('proxy', proxies));
}

function databaseOpenings({ spec, host }: CompileInput): Opening[] {
  const { database } = spec;
  if (database?.placement !== 'host' || !hasRole(host, 'database')) return [];
  const allowed = database.allow.map((network, index) => from(`database.allow.${index}`, network));
  const sources = [...clients('database', databaseClients(spec.hosts, host)), ...allowed];
  return openings(from('database', 5432), tcp('database'), sources);
}

function cacheOpenings({ spec, host }: CompileInput): Opening[] {
  if (spec.cache?.placement !== 'host' || cacheHost(spec.hosts)?.name !== host.name) return [];
  const others = spec.hosts.filter(
    (other) => other.name !== host.name && (hasRole(other, 'app') || hasRole(other, 'worker')),
  );
  return openings(from('cache', 6379), tcp('cache'), clients('cache', others));
}

const ownOpenings = ({ spec }: CompileInput): Opening[] =>
  spec.host.firewall.open.flatMap(({ port, protocol, from: networks }, index) => {
    const key = `host.firewall.open.${index}`;
    return openings(from(`${key}.port`, port), from(`${key}.protocol`, protocol), sourcesOf(`${key}.from`, networks));
  });
