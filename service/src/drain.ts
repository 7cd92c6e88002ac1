import { unlink } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { type SayGoodbye, WebSockets } from './websockets.ts';

/** Milliseconds from the start of a drain. */
export interface DrainLimits {
  /** How long idle connections are kept: longer than the proxy keeps its own (its upstream keepalive_timeout). */
  graceMs: number;
  /** How long WebSockets are kept before they are closed with 1001; below `limitMs`. */
  websocketsMs: number;
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
  readonly #websockets = new WebSockets();
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

  /**
   * Keeps a WebSocket through a drain until its limit, and then closes it with 1001. To be called by the program's 'upgrade'
   * listener, with the socket that it is given: Drain has no such listener of its own, because with one Node takes every request
   * for an upgrade away from the application.
   *
   * Without `sayGoodbye` the Close frame is written to the socket as it is, between two frames of a program that writes each
   * whole. A program with a library passes what the library has for it, such as `() => webSocket.close(1001)`.
   */
  keepWebSocket(socket: Duplex, sayGoodbye?: SayGoodbye) {
    this.#websockets.add(socket, sayGoodbye);
  }

  /** Resolves to true when all requests were answered, to false when the limit came first. To be called once. */
  async run(limits: DrainLimits): Promise<boolean> {
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    this.#draining = true;
    for (const response of this.#responses) closeAfter(response);
    this.#log.info('draining', this.#counts());
    await this.#stopListening();
    // Nobody can connect any more: without connections there is nothing left to wait for, not even the grace.
    while (this.#sockets.size > 0 && elapsed() < limits.limitMs) {
      if (elapsed() >= limits.graceMs) this.#closeIdle();
      if (elapsed() >= limits.websocketsMs) this.#websockets.close();
      await sleep(pollMs);
    }
    return this.#end(elapsed());
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

  /** A WebSocket whose client has not answered its Close frame is no request that was lost. */
  #end(elapsedMs: number): boolean {
    const complete = this.#sockets.size === this.#websockets.size;
    if (complete) this.#log.info('drained', { ms: Math.round(elapsedMs) });
    else this.#log.error('drain limit reached', this.#counts());
    this.#websockets.destroy();
    return complete;
  }

  #counts() {
    const websockets = this.#websockets.size;
    return { connections: this.#sockets.size - websockets, requests: this.#responses.size, websockets };
  }
}

function track<Item extends Socket | ServerResponse>(items: Set<Item>, item: Item) {
  items.add(item);
  item.once('close', () => items.delete(item));
}

function closeAfter(response: ServerResponse) {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
