import type { Duplex } from 'node:stream';

/** Says to the client of a WebSocket that it is about to be closed. */
export type SayGoodbye = () => void;

/** How long the client may take to answer a Close frame with its own before its connection is ended. */
export const closeMs = 1000;

/**
 * A Close frame with the status 1001, going away: FIN and opcode 8, two bytes that are not masked, because the server sends
 * them, and the status in network byte order (RFC 6455, 5.2, 5.5.1 and 7.4.1).
 */
export const goingAway = Buffer.from([0x88, 0x02, 1001 >> 8, 1001 & 0xff]);

interface Open {
  sayGoodbye: SayGoodbye;
  /** When it was told to close, in milliseconds of performance.now(). */
  told?: number;
}

/** The WebSockets of a process. Node knows nothing of a connection any more once it is upgraded, so they are kept here. */
export class WebSockets {
  readonly #open = new Map<Duplex, Open>();

  get size(): number {
    return this.#open.size;
  }

  add(socket: Duplex, sayGoodbye: SayGoodbye = () => void socket.write(goingAway)) {
    if (socket.destroyed) return;
    this.#open.set(socket, { sayGoodbye });
    socket.once('close', () => this.#open.delete(socket));
  }

  /** Tells every client once that the process goes away, and ends the connections that are still open `closeMs` later. */
  close(now = performance.now()) {
    for (const [socket, open] of this.#open) {
      if (open.told === undefined) tell(socket, open, now);
      else if (now - open.told >= closeMs) socket.destroy();
    }
  }

  /** Ends what is left at once. */
  destroy() {
    for (const socket of this.#open.keys()) socket.destroy();
  }
}

function tell(socket: Duplex, open: Open, now: number) {
  open.told = now;
  if (socket.writable) open.sayGoodbye();
}
