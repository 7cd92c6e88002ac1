/** Becoming root with a password: asked for once, given by standard input only, and never in the way of the script's own input. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { elevationOf, trial } from '../../src/transport/sudo.ts';
import { suite } from '../support/suite.ts';
import { client, clientWith, folder, hostAt, hostKey, problem } from './client.ts';
import { type Answer, startServer } from './server.ts';

const test = suite('sudo with a password');
const PASSWORD = "it's secret $HOME \\";
const bin = mkdtempSync(join(tmpdir(), 'fairlead-sudo-'));
test.after(() => rmSync(bin, { recursive: true, force: true }));

/** Stands in for sudo -S: takes one line of standard input when it asks, and refuses another than the password. */
const sudo = `#!/bin/sh
printf '%s\\n' "$*" >> "$(dirname "$0")/arguments"
while [ "$1" != -- ]; do shift; done
shift
if [ -n "$ASKS" ]; then
  IFS= read -r given
  [ "$given" = "$EXPECTED" ] || { echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }
fi
exec "$@"
`;
writeFileSync(join(bin, 'sudo'), sudo, { mode: 0o755 });

const asking = { ASKS: 'yes', EXPECTED: PASSWORD };
const shell = (command: string, input: string | Readable | undefined, environment: Record<string, string>) =>
  execa('sh', ['-c', command], {
    env: { PATH: `${bin}:${process.env.PATH}`, ...environment },
    input: input ?? '',
    encoding: 'buffer',
    stripFinalNewline: false,
    reject: false,
  });

const deploy = hostAt(22, { user: 'deploy', sudo: 'password' });
const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));

for (const [what, environment] of [
  ['when sudo asks', asking],
  ['when a rule says NOPASSWD', {}],
] as const) {
  test(`the script gets its input intact ${what}`, async () => {
    const { command, input } = elevationOf(deploy, PASSWORD);
    const stream = Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)], { objectMode: false });
    const result = await shell(command('cat'), input(stream), environment);
    assert.is(result.exitCode, 0, Buffer.from(result.stderr).toString());
    assert.ok(Buffer.from(result.stdout).equals(bytes));
    const text = await shell(command('printf \'%s\' "$(cat)"'), input('one\ntwo'), environment);
    assert.is(Buffer.from(text.stdout).toString(), 'one\ntwo');
    const nothing = await shell(command('cat; echo end'), input(undefined), environment);
    assert.is(Buffer.from(nothing.stdout).toString(), 'end\n');
  });
}

test('the password is in no argument', async () => {
  writeFileSync(join(bin, 'arguments'), '');
  const { command, input } = elevationOf(deploy, PASSWORD);
  await shell(command('true'), input('x'), asking);
  const noted = readFileSync(join(bin, 'arguments'), 'utf8');
  assert.match(noted, 'true', 'the control');
  assert.not.match(noted, 'secret');
});

/** A host whose commands run here, with the stand-in for sudo. */
const runHere =
  (environment: Record<string, string>, seen: string[] = []): Answer =>
  async (channel, command) => {
    seen.push(command);
    const chunks: Buffer[] = [];
    channel.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((ended) => channel.once('end', ended));
    const { stdout, stderr, exitCode } = await shell(command, Readable.from(chunks), environment);
    channel.write(Buffer.from(stdout));
    channel.stderr.write(Buffer.from(stderr));
    channel.exit(exitCode ?? 1);
    channel.end();
  };

test('a right password is tried once, and then serves every script', async () => {
  const seen: string[] = [];
  const server = await startServer(hostKey, client, runHere(asking, seen));
  const { ssh } = clientWith({ FAIRLEAD_SUDO_PASSWORD: PASSWORD });
  const host = hostAt(server.port, { user: 'deploy', sudo: 'password' });
  const connection = await ssh.connect(host, folder);
  assert.is((await connection.run('cat', { input: 'own input\n' })).stdout.toString(), 'own input\n');
  connection.close();
  assert.is(seen[0], trial);
  assert.is(seen.length, 2);
  await server.close();
});

test('a wrong one is an error that names sudo, and no script runs', async () => {
  const seen: string[] = [];
  const server = await startServer(hostKey, client, runHere(asking, seen));
  const { ssh } = clientWith({ FAIRLEAD_SUDO_PASSWORD: 'wrong' });
  const { code, message, fix } = await problem(
    ssh.connect(hostAt(server.port, { user: 'deploy', sudo: 'password' }), folder),
  );
  assert.is(code, 'ssh.sudo-password');
  assert.match(message, 'deploy does not become root on web-1 with the given password (sudo: 1 incorrect');
  assert.match(fix, 'FAIRLEAD_SUDO_PASSWORD');
  assert.not.match(`${message}${fix}`, 'wrong');
  assert.equal(seen, [trial]);
  assert.is(await server.close(), 0, 'connections that are left');
});

test('without a password nothing is connected', async () => {
  const server = await startServer(hostKey, client, runHere(asking));
  const { ssh } = clientWith();
  const hosts = ['web-1', 'web-2'].map((name) => hostAt(server.port, { name, user: 'deploy', sudo: 'password' }));
  const { code, subject, fix } = await problem(
    ssh.prepare([hostAt(server.port, { name: 'db-1' }), ...hosts], folder),
    1,
  );
  assert.equal([code, subject], ['ssh.sudo-password-missing', 'web-1, web-2']);
  assert.match(fix, 'FAIRLEAD_SUDO_PASSWORD');
  assert.is((await problem(ssh.connect(hosts[0]!, folder), 1)).code, 'ssh.sudo-password-missing');
  assert.is(server.accepted, 0);
  await server.close();
});

test('it is asked for once, for all hosts that need it', async () => {
  const server = await startServer(hostKey, client, runHere(asking));
  const { ssh, questions } = clientWith({}, () => PASSWORD);
  const hosts = ['web-1', 'web-2'].map((name) => hostAt(server.port, { name, user: 'deploy', sudo: 'password' }));
  await ssh.prepare(hosts, folder);
  for (const host of hosts) (await ssh.connect(host, folder)).close();
  assert.equal(questions, ['sudo password for web-1, web-2 (not shown): ']);
  await server.close();
});

test('root needs no sudo, whatever host.yaml says', async () => {
  const { ssh, questions } = clientWith({}, () => PASSWORD);
  await ssh.prepare([hostAt(22, { sudo: 'password' })], folder);
  assert.equal(questions, []);
  assert.is(elevationOf(hostAt(22, { sudo: 'password' }), undefined).command('id'), "sh -c 'id'");
});

test.run();
