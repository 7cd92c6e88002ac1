import { readFileSync } from 'node:fs';
import type { Options } from 'sequelize';
import { type DatabaseConfig, readDatabaseConfig } from '../config.ts';

/** How to reach the database; the same for the service and for its migrations. */
function connectionOptions(config: DatabaseConfig): Options {
  return {
    dialect: 'postgres',
    host: config.host,
    port: config.port,
    database: config.database,
    username: config.user,
    ...(config.password === undefined ? {} : { password: config.password }),
  };
}

/** Whether TLS is spoken at all, node-postgres reads from PGSSLMODE by itself, but not by which certificates a server is checked. */
const tls = ({ rootCertificate }: DatabaseConfig) =>
  rootCertificate === undefined ? {} : { ssl: { ca: readFileSync(rootCertificate, 'utf8') } };

/** Options of the service: a bounded pool that keeps a connection warm, and limits for everything that can take long. */
export function serviceOptions(config: DatabaseConfig): Options {
  const { connectMs, statementMs } = config;
  const { max, min, acquireMs: acquire, idleMs: idle, maxUses } = config.pool;
  return {
    ...connectionOptions(config),
    logging: false,
    pool: { max, min, acquire, idle, ...(maxUses === 0 ? {} : { maxUses }) },
    dialectOptions: {
      application_name: 'notes',
      keepAlive: true,
      ...tls(config),
      connectionTimeoutMillis: connectMs,
      ...(statementMs === 0 ? {} : { statement_timeout: statementMs }),
    },
  };
}

/**
 * Options for sequelize-cli. A migration may run long, but may wait only briefly for a lock: whatever waits for
 * ACCESS EXCLUSIVE makes every later query wait behind it. Throws ConfigError.
 */
export function migrationOptions(environment: NodeJS.ProcessEnv): Options {
  const config = readDatabaseConfig(environment);
  return {
    ...connectionOptions(config),
    logging: false,
    dialectOptions: { application_name: 'notes-migrate', lock_timeout: 5000, ...tls(config) },
  };
}
