/** Where the processes of a host find the database and the cache. */
import { hasMigrator, roleNames } from '../../spec/privileges.ts';
import { cachePort, cacheSocket } from '../cache/places.ts';
import type { CompileInput } from '../compile.ts';
import { poolerPort, poolerSocket, serverPort, serverSocket, systemCertificates } from '../database/places.ts';
import { addressFor, cacheHost, databaseHostFor, databaseIsLocal } from '../topology.ts';

/** Names of the services of a Compose file that processes in it reach the others by. */
export const composeServices = { database: 'database', cache: 'cache' } as const;

/** A database as its clients see it. */
export interface DatabasePlace {
  /** The key of deploy.yaml that it follows from. */
  readonly key: string;
  /** A host, or the folder of a unix socket. */
  readonly host: string;
  /** PostgreSQL's own when it is left out. */
  readonly port?: number;
  readonly user: string;
  /** As node-postgres calls it, to which libpq's `require` would mean a certificate that is checked. */
  readonly sslMode?: 'verify-full' | 'no-verify';
  /** Path of the certificates that the server's is checked by. */
  readonly rootCertificate?: string;
  /** Whether it asks for a password, because no kernel vouches for the process. */
  readonly password: boolean;
}

/** The database of a host's processes: the pooler on their own host, or the server itself. Undefined when there is none. */
export function databasePlace(input: CompileInput, pooled: boolean): DatabasePlace | undefined {
  const { name: user, database } = input.spec;
  if (!database) return undefined;
  if (database.placement === 'compose')
    return { key: 'database.placement', host: composeServices.database, user, password: true };
  if (pooled && database.pooler.enabled) {
    return { key: 'database.pooler.enabled', host: poolerSocket(user), port: poolerPort, user, password: false };
  }
  if (database.placement === 'external') return externalDatabase(input);
  return databaseIsLocal(input.host)
    ? { key: 'database.engine', host: serverSocket, user, password: false }
    : remoteDatabase(input);
}

/** The database of migrations: the server itself, because a pooler keeps no session, and as the role that may change the schema. */
export function migrationPlace(input: CompileInput): DatabasePlace | undefined {
  const { spec } = input;
  const server = databasePlace(input, false);
  // A pooler's port is in the variables of all processes, and must not be that of the server.
  const place = server && { ...server, port: server.port ?? serverPort };
  if (!place || !hasMigrator(spec)) return place;
  const { placement, migrator } = spec.database ?? {};
  const user = placement === 'external' ? migrator?.user : undefined;
  return { ...place, user: user ?? roleNames(spec.name).migrator };
}

function externalDatabase({ spec }: CompileInput): DatabasePlace | undefined {
  const external = spec.database?.external;
  if (!external) return undefined;
  const { host, port, user = spec.name, tls, ca } = external;
  const sslMode = tls === 'require' ? 'no-verify' : tls;
  // An authority of its own comes as a credential (credentials.ts), whose path only the unit knows.
  const authority = sslMode === 'verify-full' && ca === undefined ? { rootCertificate: systemCertificates } : {};
  return { key: 'database.external', host, port, user, sslMode, ...authority, password: true };
}

function remoteDatabase({ spec, host }: CompileInput): DatabasePlace | undefined {
  const server = databaseHostFor(spec.hosts, host);
  if (!server) return undefined;
  const place = { key: 'database.placement', host: addressFor(server), port: serverPort, user: spec.name };
  // The authority comes as a credential, as that of an external server does.
  return { ...place, sslMode: spec.database?.tls ? 'verify-full' : 'no-verify', password: true };
}

/** The cache as its clients see it. */
export interface CachePlace {
  readonly url: string;
}

/** The cache of a host's processes; undefined when there is none. */
export function cachePlace({ spec, host }: CompileInput): CachePlace | undefined {
  if (!spec.cache) return undefined;
  if (spec.cache.placement === 'compose') return { url: `redis://${composeServices.cache}:${cachePort}` };
  const server = cacheHost(spec.hosts);
  if (!server) return undefined;
  return server.name === host.name
    ? { url: `unix://${cacheSocket(spec.name)}` }
    : { url: `redis://${inUrl(addressFor(server))}:${cachePort}` };
}

/** An address as it stands in a URL or before a port: an IPv6 address in brackets (RFC 3986, 3.2.2). */
export const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address);
