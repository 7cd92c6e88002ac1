import { userInfo } from 'node:os';
import type { DrainLimits } from './drain.ts';
import { type LogLevel, logLevels } from './log.ts';
import type { RecycleLimits } from './recycle.ts';
import { Settings } from './settings.ts';

/** Where to listen: a unix socket (the production form) or a TCP port. */
export type Address = { path: string } | { port: number; host: string };

/** Connections of one process, as deploy.yaml says under database.pool. */
export interface PoolConfig {
  max: number;
  min: number;
  /** How long a request waits for a connection. */
  acquireMs: number;
  /** After how long without work one is closed, down to `min`. */
  idleMs: number;
  /** After how many uses one is closed; 0 means never. */
  maxUses: number;
}

export interface DatabaseConfig {
  /** A host name, or the directory that holds PostgreSQL's unix socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  /** Absent with peer authentication, where the kernel vouches for the user. */
  password: string | undefined;
  /** Path of the certificates, in PEM, that the server's is checked by; those that Node.js trusts when it is absent. */
  rootCertificate: string | undefined;
  pool: PoolConfig;
  connectMs: number;
  /** 0 leaves the limit to the role, as PgBouncer needs: it refuses unknown start-up parameters. */
  statementMs: number;
}

/** Everything the service reads from its environment. Times are milliseconds. */
export interface Config {
  address: Address;
  logLevel: LogLevel;
  bodyLimitBytes: number;
  readyMs: number;
  drain: DrainLimits;
  recycle: RecycleLimits;
  database: DatabaseConfig;
}

type Environment = NodeJS.ProcessEnv;

const minute = 60_000;
// sun_path holds 108 bytes, the last of which is NUL: unix(7).
const longestSocketPath = 107;

/** The whole configuration. Throws one ConfigError that names every mistake. */
export function readConfig(environment: Environment): Config {
  const settings = new Settings(environment);
  const config: Config = {
    address: address(settings),
    logLevel: settings.oneOf('LOG_LEVEL', 'info', logLevels),
    bodyLimitBytes: settings.integer('BODY_LIMIT_BYTES', 1_048_576, { min: 1, max: 104_857_600 }),
    readyMs: settings.integer('READY_TIMEOUT_MS', 2000, { min: 1, max: minute }),
    drain: drain(settings),
    recycle: recycle(settings),
    database: database(settings),
  };
  settings.finish();
  return config;
}

/** Only what is needed to reach the database: for migrations and seeding. Throws ConfigError. */
export function readDatabaseConfig(environment: Environment): DatabaseConfig {
  const settings = new Settings(environment);
  const config = database(settings);
  settings.finish();
  return config;
}

function address(settings: Settings): Address {
  const text = settings.text('PORT', '3000');
  if (text.startsWith('/')) return socketAddress(settings, text);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) {
    settings.problem(`PORT must be a TCP port from 0 to 65535 or the absolute path of a unix socket, but is "${text}"`);
  }
  return { port, host: settings.text('HOST', '127.0.0.1') };
}

function socketAddress(settings: Settings, path: string): Address {
  const bytes = Buffer.byteLength(path);
  if (bytes > longestSocketPath) {
    settings.problem(`PORT is a socket path of ${bytes} bytes, but the system allows ${longestSocketPath}: "${path}"`);
  }
  return { path };
}

// deploy.yaml allows any number of days.
const longest = Number.MAX_SAFE_INTEGER;

/** What is not set fits into the limit. */
function drain(settings: Settings): DrainLimits {
  const limitMs = settings.integer('DRAIN_LIMIT_MS', 25_000, { min: 1, max: longest });
  const withinLimit = (name: string, usual: number, max: number) => {
    const value = settings.integer(name, Math.min(usual, Math.floor(limitMs / 2)), { min: 0, max });
    if (value >= limitMs) settings.problem(`${name} (${value}) must be less than DRAIN_LIMIT_MS (${limitMs})`);
    return value;
  };
  const graceMs = withinLimit('DRAIN_GRACE_MS', 5000, 10 * minute);
  return { graceMs, websocketsMs: withinLimit('DRAIN_WEBSOCKETS_MS', 10_000, longest), limitMs };
}

const recycle = (settings: Settings): RecycleLimits => ({
  requests: settings.integer('RECYCLE_REQUESTS', 0, { min: 0, max: 100_000_000 }),
  memoryBytes: settings.integer('RECYCLE_MEMORY', 0, { min: 0, max: Number.MAX_SAFE_INTEGER }),
  jitterPercent: settings.integer('RECYCLE_JITTER', 10, { min: 0, max: 100 }),
});

function database(settings: Settings): DatabaseConfig {
  return {
    host: settings.text('PGHOST', '/var/run/postgresql'),
    port: settings.integer('PGPORT', 5432, { min: 1, max: 65_535 }),
    database: settings.text('PGDATABASE', 'notes'),
    user: databaseUser(settings),
    password: settings.text('PGPASSWORD'),
    rootCertificate: settings.text('PGSSLROOTCERT'),
    pool: pool(settings),
    connectMs: settings.integer('CONNECT_TIMEOUT_MS', 3000, { min: 1, max: minute }),
    statementMs: settings.integer('STATEMENT_TIMEOUT_MS', 10_000, { min: 0, max: 10 * minute }),
  };
}

function pool(settings: Settings): PoolConfig {
  const max = settings.integer('DB_POOL_MAX', 5, { min: 1, max: 1000 });
  return {
    max,
    min: settings.integer('DB_POOL_MIN', Math.min(2, max), { min: 0, max }),
    acquireMs: settings.integer('DB_POOL_ACQUIRE_MS', 5000, { min: 1, max: 10 * minute }),
    idleMs: settings.integer('DB_POOL_IDLE_MS', minute, { min: 1, max: 24 * 60 * minute }),
    maxUses: settings.integer('DB_POOL_MAX_USES', 0, { min: 0, max: 100_000_000 }),
  };
}

/** Like libpq: the effective user of the process, not $USER, which sudo and systemd may leave at another's name. */
function databaseUser(settings: Settings): string {
  const name = settings.text('PGUSER') ?? systemUser();
  if (!name) settings.problem('PGUSER must be set, because the user of this process has no name');
  return name;
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
