/** A secret from every source, in every place, through applies that succeed, fail and are cut off: it shows nowhere else. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { encrypt, makeIdentity } from '../../src/secrets/age.ts';
import { formsOf, LocalProcesses, shownIn, Watch } from '../faults/canaries.ts';
import { settled } from '../faults/state.ts';
import { arm, disarm, installTrigger } from '../faults/trigger.ts';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

/** A server that belongs to somebody else, and takes any password: it must not be the one who tells. */
const someonesServer = `version=$(ls /usr/lib/postgresql) && cd /etc/postgresql/$version/main &&
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout server.key -out server.pem 2>/dev/null &&
chown postgres server.key && printf "ssl = on\\nssl_cert_file = '%s/server.pem'\\nssl_key_file = '%s/server.key'\\n" "$PWD" "$PWD" >conf.d/someones.conf &&
sed -i '1i hostssl all all 127.0.0.1/32 trust' pg_hba.conf && systemctl start postgresql@$version-main.service &&
cd / && runuser -u postgres -- psql -q -c 'CREATE ROLE hello LOGIN' -c 'CREATE DATABASE hello'`;

const deploy = (recipient: string) => `name: hello
app:
  source: hello
  build: node --version
  start: node server.js
  instances: 1
  network: true
  health: { timeout: 5s }
  secrets: [BY_FILE, BY_COMMAND, BY_AGE, MADE]
proxy:
  domains: [localhost]
  auth: { users: { ann: BY_ENV }, everywhere: true }
tls: { provider: none }
backups: { engine: none }
database:
  engine: postgres
  placement: external
  external: { host: 127.0.0.1, user: hello, tls: require }
  password: FOR_DATABASE
host: { manage: false }
secretsFile: { recipients: [${recipient}] }
secrets:
  BY_ENV: { from: env }
  FOR_DATABASE: { from: env }
  BY_FILE: { from: file, path: by-file }
  BY_COMMAND: { from: command, command: cat by-command }
  BY_AGE: { from: age }
  MADE: { from: generated }
`;

const server = `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('hello'));
server.listen(process.env.PORT);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

/** Prints what it was told to keep, and never answers: nobody should write such a program. */
const talker = `import { readFileSync } from 'node:fs';
setInterval(() => console.log(readFileSync(process.env.BY_FILE_FILE, 'utf8')), 200);
`;

const settings = '/etc/fairlead/hello';
const transactions = '/var/lib/fairlead/hello/transactions';
const sudoPassword = `canary-sudo-${randomBytes(9).toString('hex')}`;
const given = ['BY_ENV', 'FOR_DATABASE', 'BY_FILE', 'BY_COMMAND', 'BY_AGE'] as const;

for (const release of labReleases()) {
  const test = suite(`a canary on ${release}`);
  let host: LabHost;
  let project: LabProject;
  let watch: Watch;
  let local: LocalProcesses;
  let recipient = '';
  const texts = new Map<string, string>();
  const known: string[] = [sudoPassword];
  let before = 0;
  let values: Record<string, string> = {};

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    await host.sh(someonesServer);
    project = new LabProject();
    const { identity, recipient: own } = await makeIdentity();
    recipient = own;
    known.push(identity.trim());
    Object.assign(process.env, { AGE_IDENTITY: identity, FAIRLEAD_SUDO_PASSWORD: sudoPassword });
    project.addHost(host);
    const path = join(project.folder, 'hosts', 'production', 'web-1', 'host.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace('user: root', 'user: ops\nsudo: password'));
    await host.exec(
      [
        'sh',
        '-euc',
        'useradd --create-home --groups sudo ops && chpasswd && cp -r /root/.ssh /home/ops/ && chown -R ops: /home/ops/.ssh',
      ],
      { input: `ops:${sudoPassword}\n` },
    );
    mkdirSync(join(project.folder, 'hello'));
    writeFileSync(join(project.folder, 'hello', 'server.js'), server);
    writeFileSync(join(project.folder, 'hello', 'talker.js'), talker);
    writeFileSync(join(project.folder, 'hello', 'package.json'), '{ "type": "module" }\n');
    await installTrigger(host);
    watch = await Watch.begin(host);
    local = new LocalProcesses();
  });
  test.after(async () => {
    local?.stop();
    for (const name of ['AGE_IDENTITY', 'FAIRLEAD_SUDO_PASSWORD', 'BY_ENV', 'FOR_DATABASE']) delete process.env[name];
    await host?.stop();
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const told = async (name: string, ...args: string[]) => {
    const run = await project.run(...args);
    texts.set(name, run.text);
    return run;
  };

  /** Gives every source a new value, and looks for all there ever were. */
  const renew = async () => {
    values = Object.fromEntries(given.map((name) => [name, `canary-${name}:${randomBytes(9).toString('hex')}`]));
    known.push(...Object.values(values));
    const { BY_ENV, FOR_DATABASE, BY_FILE = '', BY_COMMAND = '', BY_AGE = '' } = values;
    Object.assign(process.env, { BY_ENV, FOR_DATABASE });
    for (const [name, text] of Object.entries({ 'by-file': BY_FILE, 'by-command': BY_COMMAND }))
      writeFileSync(join(project.folder, name), `${text}\n`, { mode: 0o600 });
    mkdirSync(join(project.folder, 'secrets'), { recursive: true });
    await writeEncrypted(BY_AGE);
    await watch.lookFor(known);
  };
  const writeEncrypted = async (value: string) =>
    writeFileSync(join(project.folder, 'secrets.age'), await encrypt(`BY_AGE: ${value}\n`, [recipient]));

  /** What the host made of the secrets itself is looked for as well. */
  const learn = async () => {
    known.push((await host.sh(`cat ${settings}/secrets/MADE`)).trim());
    known.push((await host.sh(`sed 's/^ann://' $(grep -rlE '^ann:[$]6[$]' /etc)`)).trim());
    await watch.lookFor(known);
  };

  const write = (edit: (text: string) => string = (text) => text) => project.write(edit(deploy(recipient)));

  /** The files that may have a secret: one for each, the password file, and the hashes that Nginx reads. */
  const expectOnlyTheirPlaces = async () => {
    const files = await watch.files();
    const passwords = (await host.sh("grep -rlE '^ann:[$]6[$]' /etc")).trim();
    const own = [...given, 'MADE'].map((name) => `${settings}/secrets/${name}`);
    assert.equal(files, [...own, `${settings}/pgpass`, passwords].sort());
    assert.match(await host.sh(`cat ${settings}/pgpass`), values.FOR_DATABASE?.replace(':', '\\:') ?? '');
    assert.is(await host.sh(`cat ${settings}/secrets/BY_AGE`), values.BY_AGE);
  };

  const expectSilence = async () => {
    for (const [name, text] of texts) assert.equal(shownIn(text, known), [], `${name} shows a secret:\n${text}`);
    assert.is(await watch.journal(), '');
    const { seen, rounds } = await watch.processes();
    assert.is(seen, '');
    assert.ok(rounds > before + 10, `the processes were looked through ${rounds - before} times since the last look`);
    before = rounds;
    assert.equal(shownIn(local.seen(), known), []);
    const left = await host.sh(
      `find ${transactions} -name uploads -o -name sums -o -name digest-key -o -path '*/undo/*/secret'`,
    );
    assert.is(left, '');
  };

  test('an apply that succeeds', async () => {
    write();
    await renew();
    await told('plan', 'plan');
    await told('plan --json', 'plan', '--json');
    expectExit(await told('apply', 'apply'), 0);
    await learn();
    await expectOnlyTheirPlaces();
    await expectSilence();
  });

  test('an apply that fails, with new values of all of them: those are nowhere, and the old ones where they were', async () => {
    const old = values;
    await renew();
    write((text) => text.replace('node server.js', "node -e 'setInterval(() => {}, 500)'"));
    await told('failing plan', 'plan');
    expectExit(await told('failing apply', 'apply', '--json'), 3);
    values = old;
    await expectOnlyTheirPlaces();
    await expectSilence();
  });

  test('an apply that is cut off while it writes secrets, and one that ends it', async () => {
    write();
    await renew();
    const { stdout } = await told('third plan', 'plan', '--json');
    const titles: string[] = JSON.parse(stdout).plans[0].steps.map(({ title }: { title: string }) => title);
    const step = titles.findIndex((title) => title.includes('pgpass')) + 1;
    assert.ok(step > 0, titles.join('\n'));
    await arm(host, step, 'inside', 'kill', true);
    assert.is.not((await told('cut off apply', 'apply')).exitCode, 0);
    await settled(host);
    await disarm(host);
    expectExit(await told('recovering apply', 'apply', '--json'), 0);
    await learn();
    await expectOnlyTheirPlaces();
    await expectSilence();
  });

  test('what is compiled, logged and recorded has none of them', async () => {
    await told('compile', 'compile');
    await told('audit', 'audit', '--json');
    texts.set('record', await host.sh('cat /var/lib/fairlead/hello/record.jsonl /var/lib/fairlead/hello/audit.jsonl'));
    texts.set('compiled tree', await treeOf(project));
    await expectSilence();
  });

  const canary = () => values.BY_FILE ?? '';

  test('the control: in plans and compiled files it is found when the file itself gives it away', async () => {
    write((text) => text.replace('  network: true\n', `  network: true\n  env: { LEAK: '${canary()}' }\n`));
    await project.run('compile');
    for (const [name, text] of [
      ['tree', await treeOf(project)],
      ['plan', (await project.run('plan')).text],
      ['plan --json', (await project.run('plan', '--json')).text],
    ] as const)
      assert.equal(shownIn(text, known), [canary()], name);
    for (const form of formsOf(canary())) assert.equal(shownIn(`a ${form} b`, known), [canary()]);
  });

  test('the control: in events and the journal it is found when the program prints it', async () => {
    write((text) => text.replace('node server.js', 'node talker.js'));
    const run = await project.run('apply', '--json');
    expectExit(run, 3);
    assert.equal(shownIn(run.text, known), [canary()]);
    assert.match(await watch.journal(), canary());
  });

  test('the control: in files and processes it is found', async () => {
    await host.exec(['sh', '-c', `read -r value; echo "$value" >${transactions}/leak; echo "$value" >/tmp/leak`], {
      input: `${canary()}\n`,
    });
    const files = await watch.files();
    for (const path of [`${transactions}/leak`, '/tmp/leak']) assert.ok(files.includes(path), files.join('\n'));
    await host.exec(['setpriv', '--reuid=nobody', '--clear-groups', 'sh', '-c', 'sleep 2; true', canary()]);
    // Whoever starts it has the argument for a moment, too, and may be the one that is noted.
    assert.match((await watch.processes()).seen, /^cmdline of /m);
    await watch.forget();
    await host.exec(['sh', '-c', 'read -r LEAK; export LEAK; sleep 2'], { input: `${canary()}\n` });
    const { seen } = await watch.processes();
    assert.match(seen, /^environ of /m);
    assert.not.match(seen, 'cmdline');
    const process = spawn('sh', ['-c', 'sleep 1; true', canary()]);
    await new Promise((resolve) => process.on('close', resolve));
    assert.equal(shownIn(local.seen(), known), [canary()]);
  });

  test.run();
}

/** All that lies in a project's folder, but the sources of its secrets. */
async function treeOf(project: LabProject): Promise<string> {
  const { stdout } = await execa('find', ['hosts', '.github', '-type', 'f', '-exec', 'cat', '{}', '+'], {
    cwd: project.folder,
    reject: false,
  });
  return stdout;
}
