import { lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { Address } from './config.ts';

/** Starts listening and resolves once connections are accepted. Rejects with a sentence that says what is in the way. */
export async function listen(server: Server, address: Address): Promise<void> {
  if ('path' in address) await removeStaleSocket(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address)));
    server.listen(address, resolve);
  });
}

/** Removes a socket file that a killed process left behind. Anything else at that path stays, and is an error. */
async function removeStaleSocket(path: string) {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error(`cannot listen on ${path}: it exists and is not a socket`);
  const outcome = await tryToConnect(path);
  if (outcome === 'connected') throw new Error(`cannot listen on ${path}: another process is listening there`);
  if (outcome !== 'ECONNREFUSED') throw new Error(`cannot tell whether ${path} is in use: connecting gave ${outcome}`);
  await unlink(path);
}

/** Whether a process accepts connections at the path of a unix socket. */
export const socketAnswers = async (path: string): Promise<boolean> => (await tryToConnect(path)) === 'connected';

function tryToConnect(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function listenError(error: NodeJS.ErrnoException, address: Address): Error {
  const place = 'path' in address ? address.path : `${address.host}:${address.port}`;
  const reason = error.code === 'EADDRINUSE' ? 'another process is listening there' : error.message;
  return new Error(`cannot listen on ${place}: ${reason}`, { cause: error });
}
