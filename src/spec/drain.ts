import type { ResolvedDeployFile } from './types.ts';
import { milliseconds } from './units.ts';

/** Milliseconds after SIGTERM at which a web instance does something by itself. */
export interface DrainTimes {
  /** It closes its WebSockets. */
  readonly websockets: number;
  /** It gives up on what is still running, so that it ends before systemd kills it. */
  readonly limit: number;
}

/** What is kept of app.drain for the end of the program: closing its connections to the database, say. */
const endMs = 3000;
const usualWebsocketsMs = 10_000;

/** The times that follow from app.drain and app.drainWebsockets. */
export function drainTimes({ drain, drainWebsockets }: ResolvedDeployFile['app']): DrainTimes {
  const whole = milliseconds(drain);
  const limit = Math.ceil(whole - Math.min(endMs, whole / 4));
  const usual = Math.min(usualWebsocketsMs, Math.floor(limit / 2));
  return { limit, websockets: drainWebsockets === undefined ? usual : milliseconds(drainWebsockets) };
}
