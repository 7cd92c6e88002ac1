import { unlink } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';

export interface DrainLimits {
  /** How long idle connections are kept: longer than the proxy keeps its own (its upstream keepalive_timeout). */
  graceMs: number;
  /** When to give up on what is still running. */
  limitMs: number;
}

// Time for the event loop to accept whoever connected before the socket file was gone.
const acceptMs = 100;
const pollMs = 20;

/**
 * Lets a server go without losing a request. Make it before any other 'request' listener, so that it sees responses first.
 *
 * The order matters. A proxy does not repeat a POST whose connection breaks, so an idle connection is closed only after the
 * proxy, told by `Connection: close` or by its own timeout, has stopped using it. New connections are refused at once: a
 * refused connect is safe to repeat elsewhere.
 */
export class Drain {
  readonly #server: Server;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();
  readonly #responses = new Set<ServerResponse>();
  #draining = false;

  constructor(server: Server, log: Log) {
    this.#server = server;
    this.#log = log;
    server.on('connection', (socket) => track(this.#sockets, socket));
    server.on('request', (_request, response) => {
      track(this.#responses, response);
      if (this.#draining) closeAfter(response);
    });
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Resolves to true when every connection has ended, to false when the limit came first. To be called once. */
  async run({ graceMs, limitMs }: DrainLimits): Promise<boolean> {
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    this.#draining = true;
    for (const response of this.#responses) closeAfter(response);
    this.#log.info('draining', { connections: this.#sockets.size, requests: this.#responses.size });
    await this.#stopListening();
    // Nobody can connect any more: without connections there is nothing left to wait for, not even the grace.
    while (this.#sockets.size > 0 && elapsed() < limitMs) {
      if (elapsed() >= graceMs) this.#closeIdle();
      await sleep(pollMs);
    }
    this.#report(elapsed());
    return this.#sockets.size === 0;
  }

  /**
   * A connection that the kernel has queued but nobody accepted is reset when the listener closes, perhaps with a request in
   * it. A unix socket avoids that: without its file nobody new can connect, and the queue is emptied before closing.
   */
  async #stopListening() {
    const address = this.#server.address();
    if (typeof address === 'string') {
      await unlink(address).catch(() => {});
      await sleep(acceptMs);
    }
    // http.Server.close would also close idle connections, at once (Node 19 and later).
    NetServer.prototype.close.call(this.#server);
  }

  /** A connection that never said a word counts as busy for Node, until its headersTimeout. */
  #closeIdle() {
    this.#server.closeIdleConnections();
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  #report(elapsedMs: number) {
    const connections = this.#sockets.size;
    if (connections === 0) this.#log.info('drained', { ms: Math.round(elapsedMs) });
    else this.#log.error('drain limit reached', { connections, requests: this.#responses.size });
  }
}

function track<Item extends Socket | ServerResponse>(items: Set<Item>, item: Item) {
  items.add(item);
  item.once('close', () => items.delete(item));
}

function closeAfter(response: ServerResponse) {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
