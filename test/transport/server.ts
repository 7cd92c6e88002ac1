/** An SSH server in this process on a port of loopback, whose commands are answered by a function. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type ServerChannel } from 'ssh2';

const { Server, utils } = ssh2;

export interface KeyPair {
  /** As in an authorized_keys file: type and blob. */
  readonly public: string;
  readonly private: string;
}

/** A new key pair. ssh2 1.17 writes about one ed25519 key in 400 so that nobody can read it; such a one is made again. */
export function newKey(type: 'ed25519' | 'ecdsa' = 'ed25519'): KeyPair {
  const pair =
    type === 'ed25519' ? utils.generateKeyPairSync('ed25519') : utils.generateKeyPairSync('ecdsa', { bits: 256 });
  if (utils.parseKey(pair.private) instanceof Error) return newKey(type);
  return { public: pair.public.trim(), private: pair.private };
}

/** What a command does; it must end the channel. */
export type Answer = (channel: ServerChannel, command: string) => void;

export interface TestServer {
  readonly port: number;
  /** How many connections it has accepted so far. */
  readonly accepted: number;
  /** The most handshakes that were under way at a time. */
  readonly busiest: number;
  /** How many logins succeeded. */
  readonly logins: number;
  /** Stops answering on all its connections without closing any, as a cut network does. */
  freeze(): void;
  /** Stops listening, and returns how many connections the client had left open half a second later. */
  close(): Promise<number>;
}

export interface Behaviour {
  /** How many connections it hangs up on before it says anything. */
  readonly drops?: number;
  /** Accepts connections and says nothing. */
  readonly mute?: boolean;
  /** Whether it forwards TCP connections. */
  readonly forwards?: boolean;
}

/** Connects a channel to a port of loopback. */
function forward(accept: () => ServerChannel, refuse: () => void, port: number): void {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', refuse);
  socket.on('connect', () => {
    const channel = accept();
    socket.off('error', refuse).on('error', () => channel.destroy());
    channel.on('error', () => socket.destroy());
    channel.pipe(socket).pipe(channel);
    channel.on('close', () => socket.destroy());
    socket.on('close', () => channel.end());
  });
}

/** Starts a server that shows `hostKey` and lets only the owner of `client` in. */
export async function startServer(
  hostKey: KeyPair,
  client: KeyPair,
  answer: Answer,
  { drops = 0, mute = false, forwards = false }: Behaviour = {},
): Promise<TestServer> {
  let [accepted, shaking, busiest, logins] = [0, 0, 0, 0];
  const allowed = client.public.split(' ')[1];
  const sockets = new Set<Socket>();
  const ssh = new Server({ hostKeys: [hostKey.private] }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', (attempt) => {
      const known = attempt.method === 'publickey' && attempt.key.data.toString('base64') === allowed;
      if (known) attempt.accept();
      else attempt.reject(['publickey']);
    });
    connection.on('ready', () => {
      shaking -= 1;
      logins += 1;
    });
    // ssh2 refuses to forward, administratively, where nobody listens for it.
    if (forwards) connection.on('tcpip', (accept, reject, { destPort }) => forward(accept, reject, destPort));
    connection.on('session', (accept) => {
      accept().on('exec', (begin, _refuse, { command }) => answer(begin(), command));
    });
  });
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (accepted <= drops) return void socket.end();
    if (mute) return;
    shaking += 1;
    busiest = Math.max(busiest, shaking);
    ssh.injectSocket(socket);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get busiest() {
      return busiest;
    },
    get logins() {
      return logins;
    },
    freeze() {
      for (const socket of sockets) {
        socket.removeAllListeners('data');
        socket.pause();
      }
    },
    async close() {
      server.close();
      for (let tries = 0; sockets.size > 0 && tries < 50; tries += 1) await sleep(10);
      const left = sockets.size;
      for (const socket of sockets) socket.destroy();
      return left;
    },
  };
}
