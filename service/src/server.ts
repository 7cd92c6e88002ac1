import { createServer, type Server } from 'node:http';
import type { Sequelize } from 'sequelize';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { connect, createPing } from './db/connection.ts';
import { Drain } from './drain.ts';
import { answerMalformedRequests } from './http/malformed.ts';
import { listen } from './listen.ts';
import { createLog, errorFields, type Log } from './log.ts';
import { createNotesRepository } from './notes/repository.ts';
import { version } from './package.ts';
import { recycle } from './recycle.ts';
import { ConfigError } from './settings.ts';
import { warmUp } from './warm-up.ts';

const poolCloseMs = 2000;

/** Longer than the proxy keeps an idle connection, so that the proxy is always the one to close it. */
const timeouts = { keepAliveTimeout: 75_000, headersTimeout: 20_000, requestTimeout: 60_000 };

async function main(config: Config, log: Log) {
  const { address, drain: limits } = config;
  const sequelize = connect(config.database);
  const server = createServer(timeouts);
  const drain = new Drain(server, log);
  const ping = createPing(sequelize, config.readyMs);
  answerMalformedRequests(server);
  const notes = createNotesRepository(sequelize);
  const { bodyLimitBytes } = config;
  server.on('request', createApp({ log, notes, bodyLimitBytes, ping, isDraining: () => drain.draining }));
  const leave = onlyOnce(() => endAfter(drain.run(limits), sequelize, log).catch(crash));
  // Before the slow parts, so that a stop during the start is orderly too.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, leave);

  await warmUp({ notes, bodyLimitBytes, ping }).catch((error: unknown) =>
    log.warn('not warmed up', errorFields(error)),
  );
  if (drain.draining) return;
  await listen(server, address);
  log.info('listening', { ...listeningOn(server), version, node: process.version, env: process.env.NODE_ENV });
  const isLeaving = () => drain.draining;
  await recycle({ server, address, log, drainMs: limits.limitMs, ping, isLeaving, leave }, config.recycle);
}

function listeningOn(server: Server): { address: string | number } {
  const address = server.address();
  return { address: address === null || typeof address === 'string' ? String(address) : address.port };
}

/** The first reason to leave counts; further signals change nothing. */
function onlyOnce(start: () => void): () => void {
  let started = false;
  return () => {
    if (started) return;
    started = true;
    start();
  };
}

async function endAfter(drained: Promise<boolean>, sequelize: Sequelize, log: Log): Promise<void> {
  const complete = await drained;
  setTimeout(() => exit(complete), poolCloseMs);
  await sequelize.close().catch((error: unknown) => log.warn('pool did not close', errorFields(error)));
  exit(complete);
}

const exit = (success: boolean) => process.exit(success ? 0 : 1);

function configured(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return exit(false);
  }
}

const config = configured();
const log = createLog(config.logLevel);

function crash(error: unknown) {
  log.error('fatal', errorFields(error));
  exit(false);
}

process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
main(config, log).catch(crash);
