import { BaseError, ConnectionAcquireTimeoutError, ConnectionError } from 'sequelize';
import { type Problem, unavailable } from '../errors.ts';

// SQLSTATE classes of PostgreSQL's appendix A: 08 connection, 53 resources, 57P shutdown, 40 try again; 25006 is a
// read-only server (failover), 55P03 and 57014 are locks and statements that took too long.
const temporaryState = /^(08...|53...|57P..|40...|25006|55P03|57014)$/;
const brokenConnection = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
// pg gives these no code.
const brokenMessage = /^(Connection terminated|Client has encountered a connection error|Query read timeout|timeout e)/;

/** A 503 for a failure of the database that passes; undefined for any other error. */
export function databaseProblem(error: unknown): Problem | undefined {
  if (error instanceof ConnectionAcquireTimeoutError) return unavailable('All database connections are busy.', error);
  if (error instanceof ConnectionError) return unavailable('The database cannot be reached.', error);
  const { code, message } = origin(error);
  if (code === '57014') return unavailable('The database took too long.', error);
  if (isTemporary(code, message)) return unavailable('The database is temporarily unavailable.', error);
  return undefined;
}

/** Errors while a new connection is set up arrive unwrapped, all others in a Sequelize error. */
function origin(error: unknown): { code: string; message: string } {
  const inner = error instanceof BaseError && 'parent' in error ? error.parent : error;
  const { code = '', message = '' } = Object(inner) as { code?: unknown; message?: unknown };
  return { code: String(code), message: String(message) };
}

const isTemporary = (code: string, message: string) =>
  temporaryState.test(code) || brokenConnection.has(code) || brokenMessage.test(message);
