/** A network as if a host were far away, for kernels that cannot delay packets themselves (tc-netem(8)). */
import { createServer, Socket } from 'node:net';

/** What a TCP sender may send before the first acknowledgement (RFC 6928): ten segments of an Ethernet. */
const INITIAL_WINDOW = 10 * 1460;

/** A port of this machine that leads to a server by a long way. */
export interface Way {
  readonly port: number;
  close(): void;
}

/**
 * One direction of a connection. Bytes arrive half a round trip after they were sent, and no more than a window of them is
 * unacknowledged; each acknowledgement, a round trip after its bytes, widens the window by them (slow start, RFC 5681).
 */
class Direction {
  #window = INITIAL_WINDOW;
  #unacknowledged = 0;
  #waiting = Buffer.alloc(0);
  #ended = false;

  constructor(
    private readonly to: Socket,
    private readonly roundTrip: number,
  ) {}

  send(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    this.#flow();
  }

  end(): void {
    this.#ended = true;
    this.#flow();
  }

  #flow(): void {
    const piece = this.#waiting.subarray(0, this.#window - this.#unacknowledged);
    this.#waiting = this.#waiting.subarray(piece.length);
    if (piece.length > 0) this.#launch(piece);
    if (this.#ended && this.#waiting.length === 0) setTimeout(() => this.to.end(), this.roundTrip / 2);
  }

  #launch(piece: Buffer): void {
    this.#unacknowledged += piece.length;
    setTimeout(() => this.to.write(piece), this.roundTrip / 2);
    setTimeout(() => {
      this.#unacknowledged -= piece.length;
      this.#window += piece.length;
      this.#flow();
    }, this.roundTrip);
  }
}

/**
 * Listens on loopback and leads what connects to a port of 127.0.0.1, over a distance. No bytes are lost, and bandwidth has
 * no limit but the windows of TCP.
 *
 * @param roundTrip milliseconds there and back.
 */
export async function wayTo(port: number, roundTrip: number): Promise<Way> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (near) => {
    sockets.add(near).add(lead(near, port, roundTrip));
  });
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(0, '127.0.0.1', listening));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as { port: number }).port, close };
}

/** A client knows of its connection after one round trip, and may speak then; the server hears of it half of one later. */
function lead(near: Socket, port: number, roundTrip: number): Socket {
  const far = new Socket();
  const [there, back] = [new Direction(far, roundTrip), new Direction(near, roundTrip)];
  setTimeout(() => near.resume(), roundTrip);
  setTimeout(() => far.connect(port, '127.0.0.1'), roundTrip * 1.5);
  for (const [socket, other, direction] of [[near, far, there] as const, [far, near, back] as const]) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => direction.send(bytes)).on('end', () => direction.end());
    socket.on('error', () => other.destroy());
  }
  // A listener for data lets a socket flow.
  near.pause();
  return far;
}
