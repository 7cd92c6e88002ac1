import { setTimeout as sleep } from 'node:timers/promises';
import { QueryTypes, Sequelize } from 'sequelize';
import type { DatabaseConfig } from '../config.ts';
import { unavailable } from '../errors.ts';
import { serviceOptions } from './options.ts';

/** A pool that connects when it is first needed; making it never fails for a database that is away. */
export const connect = (config: DatabaseConfig): Sequelize => new Sequelize(serviceOptions(config));

/** A check that the database answers within `limitMs`. Checks that overlap share one query, so probes cannot fill the pool. */
export function createPing(sequelize: Sequelize, limitMs: number): () => Promise<void> {
  let pending: Promise<unknown> | undefined;
  return async () => {
    pending ??= sequelize.query('SELECT 1', { type: QueryTypes.SELECT }).finally(() => {
      pending = undefined;
    });
    await within(limitMs, pending);
  };
}

async function within(limitMs: number, work: Promise<unknown>) {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw unavailable(`The database did not answer within ${limitMs} ms.`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
