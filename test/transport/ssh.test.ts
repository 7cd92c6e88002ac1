/** Connecting by SSH: only to the pinned key, with a reason when it fails, and with every byte of the output. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type Diagnostic, DiagnosticsError } from '../../src/diagnostic.ts';
import type { ResolvedHostFile } from '../../src/spec/types.ts';
import { withInputs } from '../../src/transport/input.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import type { CommandOptions, CommandResult } from '../../src/transport/transport.ts';
import { suite } from '../support/suite.ts';
import { type Answer, type KeyPair, newKey, startServer } from './server.ts';

const test = suite('SSH');
const folder = mkdtempSync(join(tmpdir(), 'fairlead-ssh-'));
const [hostKey, otherHostKey, client, stranger] = [newKey(), newKey(), newKey(), newKey()];
const ecdsaHostKey = newKey('ecdsa');
writeFileSync(join(folder, 'client'), client.private, { mode: 0o600 });
writeFileSync(join(folder, 'stranger'), stranger.private, { mode: 0o600 });
writeFileSync(join(folder, 'garbage'), 'no key\n', { mode: 0o600 });

test.after(() => rmSync(folder, { recursive: true, force: true }));

const fingerprint = ({ public: key }: KeyPair) =>
  `SHA256:${createHash('sha256')
    .update(Buffer.from(key.split(' ')[1]!, 'base64'))
    .digest('base64')
    .replace(/=+$/, '')}`;

interface Situation {
  readonly shows?: KeyPair;
  readonly host?: Partial<ResolvedHostFile>;
  readonly answer?: Answer;
  readonly closed?: boolean;
}

const succeed: Answer = (channel) => {
  channel.exit(0);
  channel.end();
};

/** How many connections the last server saw that were never closed. */
let left = 0;

/** Connects to a server of its own, does something with the connection, and ends both. */
async function run(situation: Situation, script = 'true', options?: CommandOptions): Promise<CommandResult> {
  const server = await startServer(situation.shows ?? hostKey, client, situation.answer ?? succeed);
  if (situation.closed) await server.close();
  const host: ResolvedHostFile = {
    name: 'web-1',
    address: '127.0.0.1',
    port: server.port,
    user: 'root',
    sudo: 'passwordless',
    confirmWithin: 60,
    identityFile: 'client',
    os: 'debian-12',
    architecture: 'amd64',
    hostKeys: [hostKey.public],
    roles: ['app'],
    cpus: 2,
    memory: '2G',
    mounts: [],
    ...situation.host,
  };
  try {
    const connection = await connectSsh(host, folder);
    try {
      return await connection.run(script, options);
    } finally {
      connection.close();
    }
  } finally {
    left = situation.closed ? 0 : await server.close();
  }
}

async function problem(situation: Situation, exitCode = 8): Promise<Diagnostic> {
  const error = await run(situation).then(
    () => new Error('it connected'),
    (thrown: Error) => thrown,
  );
  assert.instance(error, DiagnosticsError, error.message);
  assert.is((error as DiagnosticsError).exitCode, exitCode);
  return (error as DiagnosticsError).diagnostics[0]!;
}

test('connects to the pinned key and runs a script', async () => {
  const commands: string[] = [];
  const answer: Answer = (channel, command) => {
    commands.push(command);
    channel.write('out\n');
    channel.stderr.write('err\n');
    channel.exit(3);
    channel.end();
  };
  const result = await run({ answer }, "echo 'it'");
  assert.equal({ ...result, stdout: result.stdout.toString() }, { code: 3, stdout: 'out\n', stderr: 'err\n' });
  assert.equal(commands, ["sh -c 'echo '\\''it'\\'''"]);
});

test('runs by sudo, which must not ask, as any other user than root', async () => {
  let said = '';
  const answer: Answer = (channel, command) => {
    said = command;
    succeed(channel, command);
  };
  await run({ answer, host: { user: 'deploy' } }, 'id');
  assert.is(said, "sudo -n -- sh -c 'id'");
});

test('accepts any one of several pinned keys', async () => {
  assert.is((await run({ host: { hostKeys: [otherHostKey.public, hostKey.public] } })).code, 0);
  assert.is((await run({ host: { hostKeys: [`${hostKey.public} root@web-1`] } })).code, 0, 'with a comment');
});

test('refuses another key than the pinned one, and names both', async () => {
  const { code, message, fix, subject } = await problem({ shows: otherHostKey });
  assert.is(code, 'ssh.host-key');
  assert.is(subject, 'web-1');
  assert.match(message, fingerprint(otherHostKey));
  assert.match(message, `ssh-ed25519 ${fingerprint(hostKey)}`);
  assert.match(fix, 'ssh-keygen -lf');
});

test('offers no login to a server with another key', async () => {
  const commands: string[] = [];
  const answer: Answer = (channel, command) => {
    commands.push(command);
    succeed(channel, command);
  };
  await problem({ shows: otherHostKey, answer, host: { identityFile: 'client' } });
  assert.equal(commands, []);
});

test('refuses a server that has no key of the pinned type', async () => {
  const { code, message } = await problem({ shows: ecdsaHostKey });
  assert.is(code, 'ssh.host-key-type');
  assert.match(message, fingerprint(hostKey));
  assert.is((await run({ shows: ecdsaHostKey, host: { hostKeys: [ecdsaHostKey.public] } })).code, 0, 'the control');
});

test('says that nothing listens', async () => {
  const { code, message } = await problem({ closed: true });
  assert.is(code, 'ssh.unreachable');
  assert.match(message, /^127\.0\.0\.1:\d+ cannot be reached: nothing listens there$/);
});

test('says that the login was refused, and as whom', async () => {
  const { code, message, fix } = await problem({ host: { identityFile: 'stranger', user: 'deploy' } });
  assert.is(code, 'ssh.login');
  assert.match(message, 'does not let deploy in');
  assert.match(fix, '~deploy/.ssh/authorized_keys');
});

test('says what is wrong with a key file', async () => {
  assert.is((await problem({ host: { identityFile: 'garbage' } })).code, 'ssh.key-format');
  assert.is((await problem({ host: { identityFile: 'missing' } }, 1)).code, 'ssh.key-unreadable');
});

test('closes its connection whether it failed or succeeded', async () => {
  await run({});
  assert.is(left, 0);
  await problem({ shows: otherHostKey });
  assert.is(left, 0);
  await problem({ host: { identityFile: 'garbage' } });
  assert.is(left, 0, 'after a key that cannot be used');
});

/** Sends bytes one by one, each in a packet of its own. */
const slowly =
  (bytes: Buffer): Answer =>
  async (channel) => {
    for (const byte of bytes) {
      channel.write(Buffer.from([byte]));
      await sleep(2);
    }
    channel.exit(0);
    channel.end();
  };

test('keeps every byte of the output', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const answer: Answer = (channel) => {
    channel.write(bytes);
    channel.exit(0);
    channel.end();
  };
  assert.ok((await run({ answer })).stdout.equals(bytes));
});

test('keeps letters whose bytes come in two packets, in the output and in its lines', async () => {
  const lines: string[] = [];
  const text = 'Grüße ☕\nzwei\n';
  const result = await run({ answer: slowly(Buffer.from(text)) }, 'true', { onLine: (line) => lines.push(line) });
  assert.is(result.stdout.toString(), text);
  assert.equal(lines, ['Grüße ☕', 'zwei']);
});

test('sends the input and ends it', async () => {
  const answer: Answer = (channel) => {
    const chunks: Buffer[] = [];
    channel.on('data', (chunk: Buffer) => chunks.push(chunk));
    channel.on('end', () => {
      channel.write(Buffer.concat(chunks));
      channel.exit(0);
      channel.end();
    });
  };
  assert.is((await run({ answer }, 'cat', { input: 'Grüße\n' })).stdout.toString(), 'Grüße\n');
});

test('fails with what broke its input while it is sent', async () => {
  const because = new Error('it was removed from the cache');
  for (const beginning of ['', 'the beginning']) {
    const input = Readable.from(
      (async function* () {
        if (beginning) yield beginning;
        throw because;
      })(),
    );
    let received = '';
    const answer: Answer = (channel) => channel.on('data', (chunk: Buffer) => (received += chunk.toString()));
    const failed = run({ answer }, 'cat', { input }).catch((error: Error) => error);
    assert.is(await Promise.race([failed, sleep(3000, 'it waits', { ref: false })]), because);
    assert.is(received, beginning);
  }
});

test('ends the channel of an input that broke, before it was there or after', async () => {
  for (const before of [true, false]) {
    let ends = 0;
    const channel = { end: () => (ends += 1) } as never;
    const input = new PassThrough();
    const done = withInputs([input, 'text', undefined], async (onChannel) => {
      if (!before) onChannel(channel);
      input.destroy(new Error('broken'));
      await sleep(5);
      if (before) onChannel(channel);
      return 'done';
    });
    assert.is(await done.catch((error: Error) => error.message), 'broken');
    await sleep(10);
    assert.is(ends, 1);
  }
});

test('ends a command whose connection breaks with a code that no command has', async () => {
  const answer: Answer = (channel) => {
    channel.write('begun\n');
    setTimeout(() => channel.destroy(), 20);
  };
  const result = await run({ answer });
  assert.is(result.code, -1);
});

test.run();
