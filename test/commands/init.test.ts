/** A first deploy.yaml from flags, or from questions to somebody. */
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type InitOptions, init, type Person } from '../../src/commands/init.ts';
import { validate } from '../../src/commands/validate.ts';
import { gitignoreText } from '../../src/init/files.ts';
import { nameFrom } from '../../src/init/questions.ts';
import { shownHostKey } from '../../src/transport/host-key.ts';
import { suite } from '../support/suite.ts';
import { newKey, startServer } from '../transport/server.ts';
import { folderWith, ran, removeFolders } from './project.ts';

const test = suite('init');
test.after(removeFolders);

const flags: Omit<InitOptions, 'file'> = {
  name: 'shop',
  domain: 'shop.example.com',
  email: 'ops@example.com',
  database: true,
  address: '192.0.2.10',
  os: 'debian-13',
  hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G root@web-1',
};

const run = (folder: string, options: Partial<InitOptions>, person?: Person) =>
  ran((terminal) => init({ file: join(folder, 'deploy.yaml'), ...options }, terminal, person));

const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

/** Somebody who gives these answers in turn, and then leaves. */
const saying = (...answers: string[]): Person => ({ question: async () => answers.shift() });

test('writes a project that is valid, from flags alone', async () => {
  const folder = folderWith({ 'package.json': '{ "scripts": { "start": "node dist/main.js" } }' });
  const { code, out } = await run(folder, flags);
  assert.is(code, 0);
  assert.match(out, 'npm run plan');
  assert.match(
    read(folder, 'deploy.yaml'),
    /^# yaml-language-server: \$schema=node_modules\/fairlead\/schema\/deploy.schema.json\n/,
  );
  assert.match(read(folder, 'deploy.yaml'), 'start: node dist/main.js');
  assert.match(read(folder, 'hosts/production/web-1/host.yaml'), 'os: debian-13');
  assert.match(read(folder, '.gitignore'), '.fairlead/');
  const checked = await ran((terminal) => validate({ file: join(folder, 'deploy.yaml') }, terminal));
  assert.is(checked.code, 0, checked.err);
});

test('leaves the database out when it is not wanted', async () => {
  const folder = folderWith({});
  await run(folder, { ...flags, database: false });
  assert.not.match(read(folder, 'deploy.yaml'), 'database:');
});

test('says every flag that is missing or wrong when nobody is there to ask, and writes nothing', async () => {
  const folder = folderWith({});
  const { code, codes, refusals } = await run(folder, { name: 'Shop', os: 'debian-11', email: 'ops@example.com' });
  assert.is(code, 1);
  assert.equal([...codes].sort(), ['init.answer', 'init.answer', 'init.missing', 'init.missing', 'init.missing']);
  for (const flag of ['--name', '--domain', '--address', '--os', '--host-key']) assert.match(refusals, `with ${flag}`);
  assert.not.match(refusals, '--email');
  assert.not.ok(existsSync(join(folder, 'deploy.yaml')));
});

test('writes nothing that a rule refuses', async () => {
  const folder = folderWith({});
  assert.ok((await run(folder, { ...flags, domain: 'shop.internal' })).codes.includes('tls.private-name'));
  assert.not.ok(existsSync(join(folder, 'deploy.yaml')));
});

test('writes over nothing', async () => {
  const folder = folderWith({ 'deploy.yaml': 'name: mine\n' });
  assert.equal((await run(folder, flags)).codes, ['init.exists']);
  assert.is(read(folder, 'deploy.yaml'), 'name: mine\n');
  const other = folderWith({ 'hosts/production/web-1/host.yaml': 'name: mine\n' });
  assert.equal((await run(other, flags)).codes, ['init.exists']);
  assert.not.ok(existsSync(join(other, 'deploy.yaml')));
});

test('asks for what no flag says, and again after an answer that will not do', async () => {
  const folder = folderWith({});
  const { hostKey } = flags;
  const person = saying(
    'Shop',
    'shop',
    '',
    '',
    'shop.example.com',
    'ops@example.com',
    'no',
    '',
    '192.0.2.10',
    'deploy',
    'debian-12',
  );
  const { code, out } = await run(folder, hostKey === undefined ? {} : { hostKey }, person);
  assert.is(code, 0);
  assert.match(out, 'that must be 2 to 24 lower-case letters');
  assert.match(read(folder, 'deploy.yaml'), 'name: shop\n');
  assert.match(read(folder, 'hosts/production/web-1/host.yaml'), 'user: deploy\n');
});

test('writes nothing when the answers end early', async () => {
  const folder = folderWith({});
  assert.equal((await run(folder, {}, saying('shop'))).codes, ['init.aborted']);
  assert.not.ok(existsSync(join(folder, 'deploy.yaml')));
});

test('reads the key that a host shows, without logging in', async () => {
  const key = newKey();
  const server = await startServer(key, newKey(), (channel) => channel.end());
  try {
    assert.is(await shownHostKey('127.0.0.1', server.port), key.public.split(' ').slice(0, 2).join(' '));
  } finally {
    await server.close();
  }
});

test('says when a host shows no key', async () => {
  const { codes } = await ran(async () => {
    await shownHostKey('127.0.0.1', 1);
    return 0;
  });
  assert.equal(codes, ['ssh.unreachable']);
});

test('says when a server hangs up before it shows a key', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2p1\r\n'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    const waited = sleep(3000, 'it waits', { ref: false });
    const { port } = server.address() as AddressInfo;
    const said = await Promise.race([shownHostKey('127.0.0.1', port).catch((error: Error) => error.message), waited]);
    assert.match(said, /^ssh\.unreachable: 127\.0\.0\.1:\d+ shows no host key: it hung up$/);
  } finally {
    server.close();
  }
});

const names: readonly (readonly [string, string | undefined])[] = [
  ['My Shop!', 'my-shop'],
  ['2024-shop', 'shop'],
  ['a-very-long-name-of-a-folder', 'a-very-long-name-of-a-fo'],
  ['übung', 'bung'],
  ['!', undefined],
];

test('makes a name of the folder', () => {
  for (const [folder, name] of names) assert.is(nameFrom(folder), name);
});

test('completes .gitignore and keeps what is there', () => {
  assert.is(gitignoreText('node_modules'), 'node_modules\n.fairlead/\n.secrets/\n');
  assert.is(gitignoreText('.fairlead\n.secrets/\n'), undefined);
});

test.run();
