/** What is offered for a login: keys of files and of an agent, with passphrases. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { ensureCommand } from '../support/packages.ts';
import { suite } from '../support/suite.ts';
import { clientWith, echo, folder, hostAt, hostKey, problem } from './client.ts';
import { newKey, startServer, type TestServer } from './server.ts';

const test = suite('keys');
const PASSPHRASE = 'open sesame';
const home = join(folder, 'home');
const before = { home: process.env.HOME, agent: process.env.SSH_AUTH_SOCK };
const [mine, other] = [newKey('ecdsa'), newKey('ecdsa')];
const path = (name: string) => join(folder, name);
const socket = path('agent.sock');

let server: TestServer;
let agent: { kill(): boolean } | undefined;

test.before(async () => {
  await ensureCommand('ssh-agent', ['openssh-client']);
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  for (const [name, key] of Object.entries({ mine, other })) {
    writeFileSync(path(name), key.private, { mode: 0o600 });
    writeFileSync(path(`${name}.pub`), `${key.public}\n`);
  }
  copyFileSync(path('mine'), path('locked'));
  await execa('ssh-keygen', ['-q', '-p', '-N', PASSPHRASE, '-f', path('locked')]);
  copyFileSync(path('mine'), path('old'));
  await execa('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-N', PASSPHRASE, '-f', path('old')]);
  server = await startServer(hostKey, mine, echo);
  const started = execa('ssh-agent', ['-D', '-a', socket], { reject: false });
  agent = started;
  while (!(await add([])).stdout.includes('no identities')) await new Promise((soon) => setTimeout(soon, 20));
});
test.after(async () => {
  agent?.kill();
  await server?.close();
  Object.assign(process.env, { HOME: before.home, SSH_AUTH_SOCK: before.agent ?? '' });
});
/** A test that begins with an empty agent, which nobody is told of, and without any usual file. */
const alone = (name: string, body: () => Promise<void>) =>
  test(name, async () => {
    await forget();
    await body();
  });

async function forget(): Promise<void> {
  process.env.HOME = home;
  delete process.env.SSH_AUTH_SOCK;
  rmSync(join(home, '.ssh', 'id_ecdsa'), { force: true });
  await add(['-D']);
}

/** Runs ssh-add; without arguments it lists. */
const add = (args: string[]) =>
  execa('ssh-add', args.length > 0 ? args : ['-l'], { env: { SSH_AUTH_SOCK: socket }, reject: false });

const withAgent = () => {
  process.env.SSH_AUTH_SOCK = socket;
};

/** Logs in with an identityFile, or without any, and leaves. */
async function login(ssh: ReturnType<typeof clientWith>['ssh'], identityFile?: string): Promise<void> {
  const { identityFile: _, ...host } = hostAt(server.port);
  (await ssh.connect(identityFile ? { ...host, identityFile } : host, folder)).close();
}

for (const file of ['locked', 'old']) {
  alone(`the passphrase of a ${file} key file is asked for once, and not for the next host`, async () => {
    const { ssh, questions } = clientWith({}, () => PASSPHRASE);
    await login(ssh, file);
    await login(ssh, file);
    assert.equal(questions, [`passphrase of the key ${path(file)} (not shown): `]);
  });

  alone(`the passphrase of a ${file} key file comes from the environment`, async () => {
    await login(clientWith({ FAIRLEAD_KEY_PASSPHRASE: PASSPHRASE }).ssh, file);
  });

  alone(`a wrong passphrase for a ${file} key file is named, and none at all`, async () => {
    const wrong = await problem(login(clientWith({ FAIRLEAD_KEY_PASSPHRASE: 'wrong' }).ssh, file));
    assert.is(wrong.code, 'ssh.passphrase-wrong');
    assert.not.match(JSON.stringify(wrong), '"wrong"');
    const { code, fix } = await problem(login(clientWith().ssh, file), 1);
    assert.is(code, 'ssh.passphrase-missing');
    assert.match(fix, 'FAIRLEAD_KEY_PASSPHRASE');
    const given = await problem(login(clientWith({}, () => undefined).ssh, file), 1);
    assert.is(given.code, 'ssh.passphrase-missing', 'Ctrl-C');
  });
}

alone('everything is asked for before the first host is connected', async () => {
  const { ssh, questions } = clientWith({}, () => PASSPHRASE);
  const seen = server.accepted;
  await ssh.prepare([hostAt(server.port, { identityFile: 'locked' }), hostAt(1, { identityFile: 'missing' })], folder);
  assert.is(questions.length, 1);
  assert.is(server.accepted, seen);
});

alone('an agent that holds the key of a locked file signs, and nothing is asked', async () => {
  await add([path('mine')]);
  withAgent();
  const { ssh, questions } = clientWith({}, () => 'not needed');
  await login(ssh, 'locked');
  assert.equal(questions, []);
});

alone('with an identityFile no other key is offered, of files or of the agent', async () => {
  await add([path('mine')]);
  copyFileSync(path('mine'), join(home, '.ssh', 'id_ecdsa'));
  withAgent();
  await login(clientWith().ssh);
  assert.is((await problem(login(clientWith().ssh, 'other'))).code, 'ssh.login');
});

alone('a public key as identityFile means that key of the agent', async () => {
  await add([path('mine')]);
  const without = await problem(login(clientWith().ssh, 'mine.pub'), 1);
  assert.is(without.code, 'ssh.key-not-in-agent');
  withAgent();
  await login(clientWith().ssh, 'mine.pub');
  assert.is((await problem(login(clientWith().ssh, 'other.pub'), 1)).code, 'ssh.key-not-in-agent');
});

alone('every key of the agent is tried, and then the usual files', async () => {
  await add([path('other')]);
  withAgent();
  assert.is((await problem(login(clientWith().ssh))).code, 'ssh.login');
  await add([path('mine')]);
  await login(clientWith().ssh);
  await add(['-d', path('mine.pub')]);
  copyFileSync(path('mine'), join(home, '.ssh', 'id_ecdsa'));
  await login(clientWith().ssh);
});

alone('an agent that is gone does not stand in the way of a file', async () => {
  process.env.SSH_AUTH_SOCK = path('nobody.sock');
  copyFileSync(path('mine'), join(home, '.ssh', 'id_ecdsa'));
  await login(clientWith().ssh);
});

alone('a usual file that is locked is opened when there is nothing else', async () => {
  copyFileSync(path('locked'), join(home, '.ssh', 'id_ecdsa'));
  const { ssh, questions } = clientWith({}, () => PASSPHRASE);
  await login(ssh);
  assert.is(questions.length, 1);
  await add([path('mine')]);
  withAgent();
  const second = clientWith({}, () => PASSPHRASE);
  await login(second.ssh);
  assert.is(second.questions.length, 0, 'the agent is enough');
});

alone('without any key it says so', async () => {
  const { code, fix } = await problem(login(clientWith().ssh), 1);
  assert.is(code, 'ssh.no-key');
  assert.match(fix, 'ssh-add');
});

test.run();
