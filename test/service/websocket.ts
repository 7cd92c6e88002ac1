/** As much of WebSocket (RFC 6455) as tests need: whole frames of less than 126 bytes, for both ends. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Target } from './client.ts';

export const text = 1;
export const close = 8;

export interface Frame {
  opcode: number;
  payload: Buffer;
}

/** The answer to a Sec-WebSocket-Key (4.2.2). */
export const acceptance = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** One frame; those of a client are masked (5.3). */
export function frame(opcode: number, payload: Buffer, mask?: Buffer): Buffer {
  const head = Buffer.from([0x80 | opcode, (mask ? 0x80 : 0) | payload.length]);
  return mask ? Buffer.concat([head, mask, masked(payload, mask)]) : Buffer.concat([head, payload]);
}

const masked = (payload: Buffer, mask: Buffer) => payload.map((byte, index) => byte ^ mask[index % 4]!) as Buffer;

/** The frames that arrive at a socket behind `head`, until it ends. Throws on what is no whole frame when it does. */
export async function* frames(socket: Duplex, head: Buffer): AsyncGenerator<Frame> {
  let rest = head;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, chunk]);
    for (let taken = take(rest); taken; taken = take(rest)) {
      rest = rest.subarray(taken.bytes);
      yield taken.frame;
    }
  }
  if (rest.length > 0) throw new Error(`the connection ended within a frame: ${rest.toString('hex')}`);
}

function take(bytes: Buffer): { frame: Frame; bytes: number } | undefined {
  if (bytes.length < 2) return undefined;
  const length = bytes[1]! & 0x7f;
  const start = bytes[1]! & 0x80 ? 6 : 2;
  if (bytes.length < start + length) return undefined;
  const payload = bytes.subarray(start, start + length);
  const plain = start === 6 ? masked(payload, bytes.subarray(2, 6)) : payload;
  return { frame: { opcode: bytes[0]! & 0x0f, payload: plain }, bytes: start + length };
}

/** A client's end of an open WebSocket. */
export class Client {
  readonly socket: Duplex;
  readonly #frames: AsyncGenerator<Frame>;

  private constructor(socket: Duplex, head: Buffer) {
    this.socket = socket;
    this.#frames = frames(socket, head);
    socket.on('error', () => {});
  }

  /** Opens a WebSocket; rejects when the server does not want to, or answers wrongly. */
  static async open(target: Target): Promise<Client> {
    const key = randomBytes(16).toString('base64');
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Version': 13,
    };
    const outgoing = request({ ...target, path: '/', headers, agent: false }).end();
    const [answer, socket, head] = await once(outgoing, 'upgrade');
    if (answer.headers['sec-websocket-accept'] !== acceptance(key)) throw new Error('no WebSocket');
    return new Client(socket, head);
  }

  send(opcode: number, payload: Buffer) {
    this.socket.write(frame(opcode, payload, randomBytes(4)));
  }

  /** The next frame; undefined when the server has ended the connection. */
  async next(): Promise<Frame | undefined> {
    const { value } = await this.#frames.next();
    return value ?? undefined;
  }

  /** Sends a text and returns what comes back. */
  async echo(words: string): Promise<string | undefined> {
    this.send(text, Buffer.from(words));
    return (await this.next())?.payload.toString();
  }
}
