/** A host that is an SSH server in this process: it has none of what it is asked for, and its transactions end as a test says. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ServerChannel } from 'ssh2';
import { type KeyPair, newKey, startServer } from '../transport/server.ts';
import { written } from './frames.ts';

export interface FakeHost {
  readonly port: number;
  readonly hostKey: string;
  /** How many transactions were sent to it. */
  readonly transactions: () => number;
  close(): Promise<unknown>;
}

/** What a host does with a transaction: it writes lines of the executor's log, or hangs up. */
export type Conduct = (say: (line: string) => void, hangUp: () => void) => void;

/** Starts a host that `client` may log in to. `asked`, if given, is called instead of an answer to what there is on the host. */
export async function startFakeHost(client: KeyPair, conduct: Conduct, asked?: () => void): Promise<FakeHost> {
  const hostKey = newKey();
  let transactions = 0;
  const server = await startServer(hostKey, client, (channel, command) => {
    if (command.includes('Reads the state of one host')) {
      if (asked) asked();
      else answerProbe(channel);
    } else {
      transactions += 1;
      channel.resume();
      const say = (line: string) => {
        channel.write(`${line}\n`);
        if (line.startsWith('end ')) leave(channel);
      };
      conduct(say, () => leave(channel));
    }
  });
  return { port: server.port, hostKey: hostKey.public, transactions: () => transactions, close: () => server.close() };
}

function leave(channel: ServerChannel): void {
  channel.exit(0);
  channel.end();
}

function answerProbe(channel: ServerChannel): void {
  const request: Buffer[] = [];
  channel.on('data', (chunk: Buffer) => request.push(chunk));
  channel.on('end', () => {
    const text = unpacked(Buffer.concat(request));
    if (text !== undefined) channel.write(gzipSync(bare(text)));
    leave(channel);
  });
}

/** Both go compressed (transport/compression.ts). A client that was ended meanwhile has sent a part, which nobody needs an answer to. */
function unpacked(request: Buffer): string | undefined {
  try {
    return gunzipSync(request).toString();
  } catch {
    return undefined;
  }
}

/** What probe.sh says on a Debian 12 that has nothing of what was asked for. */
function bare(request: string): Buffer {
  const names = (kind: string) =>
    request
      .split('\n')
      .filter((line) => line.startsWith(`${kind} `))
      .map((line) => line.slice(kind.length + 1));
  const absent = (kind: string) => names(kind).map((path) => `find: '${path}': No such file or directory`);
  return written({
    paths: { status: 1, err: absent('path').join('\n') },
    hashes: {},
    secrets: { status: 1, err: absent('secret').join('\n') },
    packages: {
      status: 1,
      err: names('package')
        .map((name) => `dpkg-query: no packages found matching ${name}`)
        .join('\n'),
    },
    users: { status: 2 },
    groups: { out: 'root:x:0:\n' },
    units: {},
    postgres: { out: 'none\n' },
    os: { out: 'debian-12\n' },
    architecture: { out: 'amd64\n' },
    boot: { out: 'e0c0ffee-0000-4000-8000-000000000000\n' },
    space: { out: '   Avail File\n99999999 /\n' },
  });
}
