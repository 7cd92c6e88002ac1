/**
 * Secrets on a host: probe.sh and executor.sh run here on a folder of their own, as one transaction after another from real
 * plans. What they leave behind is searched for the values.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { extract } from 'tar-stream';
import * as assert from 'uvu/assert';
import { bundle } from '../../src/apply/bundle.ts';
import { readFrames } from '../../src/apply/frames.ts';
import { observedFrom } from '../../src/apply/observation.ts';
import { wantedLines } from '../../src/apply/probe.ts';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { pinSecrets } from '../../src/compile/secrets/pin.ts';
import { isEmpty, type Plan } from '../../src/plan/change.ts';
import { sha256 } from '../../src/plan/digest.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { emptyRecord, readRecord } from '../../src/plan/record.ts';
import { hostScript } from '../../src/project/assets.ts';
import { uploadOf } from '../../src/resources/file.ts';
import { kindFor } from '../../src/resources/kind.ts';
import { wantAll } from '../../src/resources/observed.ts';
import { isText, nameOf } from '../../src/resources/resource.ts';
import { secretUpload } from '../../src/resources/secret.ts';
import { DigestKey } from '../../src/secrets/digest-key.ts';
import { pinsOf } from '../../src/secrets/fetch.ts';
import { SecretValue } from '../../src/secrets/value.ts';
import { suite } from '../support/suite.ts';
import { withSystemctl } from '../support/systemctl.ts';
import { composed, manifestWith, scratch, secret } from './project.ts';

const test = suite('secrets on a host');
const { folder: root, remove } = scratch();
const home = join(root, 'var/lib/fairlead/notes');
const me = { owner: userInfo().username, group: execaSync('id', ['-gn']).stdout };
let transactions = 0;

test.after(remove);

/** A script whose host lies below `root`. */
const local = (name: 'probe' | 'executor') =>
  withSystemctl(
    hostScript(name)
      .replaceAll('/var/lib/fairlead', join(root, 'var/lib/fairlead'))
      .replaceAll('/etc/fairlead', join(root, 'etc/fairlead')),
    root,
  );

/** A manifest whose paths lie below `root` and whose files belong to whoever runs this. */
function moved(manifest: HostManifest): HostManifest {
  const text = JSON.stringify(manifest.resources).replaceAll(/(\/etc\/[\w/.-]*)/g, `${root}$1`);
  const owned = text
    .replaceAll('"owner":"root"', `"owner":"${me.owner}"`)
    .replaceAll('"group":"root"', `"group":"${me.group}"`);
  return { ...manifest, resources: JSON.parse(owned) };
}

interface Seen {
  readonly plan: Plan;
  readonly manifest: HostManifest;
  readonly key: DigestKey | undefined;
  readonly output: string;
  readonly wanted: readonly string[];
}

/** Probes and plans, as pipeline.ts does. */
function look(wanted: HostManifest, values: Readonly<Record<string, string>>, newKey?: DigestKey): Seen {
  const manifest = moved(wanted);
  const asked = wantAll(manifest.resources.map((one) => kindFor(one).probe(nameOf(one.id))));
  const input = `${['project notes', ...wantedLines(asked)].join('\n')}\n`;
  const { stdout } = execaSync('sh', ['-c', local('probe')], { input, encoding: 'buffer', stripFinalNewline: false });
  const frames = readFrames(Buffer.from(stdout))!;
  const record = frames.get('record');
  const known = record
    ? readRecord(record.out.toString(), Number(frames.get('serial')?.out.toString()), 'web-1')
    : emptyRecord;
  const all = wantAll([
    asked,
    ...[...known.resources.keys()].map((id) => ({ secrets: id.startsWith('secret') ? [nameOf(id)] : [] })),
  ]);
  const text = frames.get('digest-key')?.out.toString();
  const key = (text && DigestKey.parse(text)) || newKey;
  const secrets = {
    values: new Map(Object.entries(values).map(([name, value]) => [name, new SecretValue(name, Buffer.from(value))])),
    problems: new Map(),
  };
  const pinned = pinSecrets(manifest, pinsOf(secrets, key), known);
  return {
    plan: atRoot(makePlan(pinned, observedFrom(frames, all), known)),
    manifest: pinned,
    key,
    output: String(stdout),
    wanted: wantedLines(asked),
  };
}

/** Secrets belong to root on a host, and here to whoever runs this. */
const atRoot = (plan: Plan): Plan =>
  JSON.parse(JSON.stringify(plan).replaceAll('"600","root","root"', `"600","${me.owner}","${me.group}"`));

/** Sends a transaction through its tar, as the host would unpack it. `damage` may change its folder before it runs. */
async function transact(
  seen: Seen,
  values: Readonly<Record<string, string>>,
  damage = (_folder: string) => {},
): Promise<string> {
  transactions += 1;
  const folder = join(home, 'transactions', String(transactions));
  mkdirSync(folder, { recursive: true });
  const parts = {
    id: String(transactions),
    executor: local('executor'),
    gate: '',
    wanted: seen.wanted,
    holder: 'me',
    audit: { who: 'me' },
    contents: new Map(seen.manifest.resources.filter(isText).map(({ content }) => [uploadOf(content), content])),
    artifacts: new Map(),
    secrets: new Map(
      Object.entries(values).map(([name, value]) => [secretUpload(name), new SecretValue(name, Buffer.from(value))]),
    ),
    ...(existsSync(join(home, 'digest-key')) || !seen.key ? {} : { digestKey: seen.key }),
  };
  const archive = (await bundle(seen.plan, parts)).pipe(extract());
  for await (const entry of archive) {
    const path = join(folder, entry.header.name);
    mkdirSync(join(path, '..'), { recursive: true });
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    writeFileSync(path, Buffer.concat(chunks), { mode: entry.header.mode ?? 0o644 });
  }
  const sums = execaSync('sha256sum', ['--check', '--quiet', '--strict', 'sums'], { cwd: folder });
  assert.is(sums.exitCode, 0);
  damage(folder);
  execaSync('sh', [join(folder, 'executor.sh'), folder], { reject: false });
  return readFileSync(join(folder, 'log'), 'utf8');
}

async function apply(manifest: HostManifest, values: Readonly<Record<string, string>>): Promise<Plan> {
  const seen = look(manifest, values, DigestKey.random());
  assert.match(await transact(seen, values), /end converged\n$/);
  return seen.plan;
}

const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Files that hold one of the texts. */
const holding = (texts: readonly string[], folder = root) =>
  filesBelow(folder)
    .filter((path) => texts.some((text) => readFileSync(path, 'latin1').includes(text)))
    .map((path) => path.slice(root.length))
    .sort();

const etc = (path: string) => join(root, 'etc', path);
const content = (path: string) => readFileSync(etc(path), 'utf8');
const done = ({ changes }: Plan) =>
  changes
    .filter(({ action }) => action !== 'none')
    .map(({ action, kind, name, class: c }) => `${action} ${kind} ${name.split('/').at(-1)} ${c}`);

const values = {
  TOKEN: 'marker-one',
  LOGIN: 'marker:four',
  PASSWORD: 'marker two "$(id)" %s \\1 @@TOKEN@@',
  PEM: '-----BEGIN\nmarker-three\n-----END',
};
const text =
  'requirepass @@TOKEN@@\nuser:@@PASSWORD:crypt@@\nsession @@MADE@@ @@TOKEN@@\nhost:5432:@@LOGIN:pgpass@@\nmail a@@b.example @@@ $1 \\1 &\n';
const file = composed('/etc/redis.conf', text, ['TOKEN', 'LOGIN', 'PASSWORD', 'MADE']);
const whole = manifestWith(
  secret('TOKEN'),
  secret('LOGIN'),
  secret('PASSWORD'),
  secret('PEM'),
  secret('MADE', 32),
  file,
);
const secretsFolder = 'fairlead/notes/secrets';

test('arrive as they are, for root alone, and the next plan is empty', async () => {
  const plan = await apply(whole, values);
  assert.is(plan.changes.filter(({ action }) => action === 'create').length, whole.resources.length);
  for (const [name, value] of Object.entries(values)) assert.is(content(`${secretsFolder}/${name}`), value);
  assert.match(content(`${secretsFolder}/MADE`), /^[0-9a-f]{64}$/);
  for (const path of [...filesBelow(etc(secretsFolder)), etc('redis.conf'), join(home, 'digest-key')])
    assert.is(statSync(path).mode & 0o777, 0o600, path);
  const again = look(whole, values);
  assert.ok(isEmpty(again.plan), JSON.stringify(again.plan.changes));
  assert.ok(again.plan.changes.every(({ class: c }) => c === 'unchanged'));
});

test('stand in a composed file as data, and as a hash that the password fits', () => {
  const [first, user = '', session, login, last] = content('redis.conf').split('\n');
  assert.is(first, 'requirepass marker-one');
  assert.is(session, `session ${content(`${secretsFolder}/MADE`)} marker-one`);
  assert.is(login, 'host:5432:marker\\:four');
  assert.is(last, 'mail a@@b.example @@@ $1 \\1 &');
  const hash = user.slice('user:'.length);
  assert.match(hash, /^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/);
  const check = (password: string) =>
    execaSync('perl', ['-e', 'print crypt($ARGV[0], $ARGV[1])', password, hash]).stdout;
  assert.is(check(values.PASSWORD), hash);
  assert.is.not(check('another'), hash, 'the control');
});

test('show nowhere else: not in plans, on the wire of a probe, in transactions, journals or the record', () => {
  const markers = ['marker-one', 'marker two', 'marker-three', 'marker:four', content(`${secretsFolder}/MADE`)];
  const theirs = ['LOGIN', 'MADE', 'PASSWORD', 'PEM', 'TOKEN'].map((name) => `/etc/${secretsFolder}/${name}`);
  assert.equal(holding(markers), [...theirs, '/etc/redis.conf'], 'they are found where they belong: the control');
  const hashes = Object.values(values).map((value) => sha256(value));
  assert.equal(holding(hashes), [], 'no hash without a key either');
  const { plan, output, manifest } = look(whole, values);
  const said = JSON.stringify([plan, manifest]) + output;
  for (const marker of [...markers, ...hashes]) assert.not.match(said, marker);
  assert.match(said, 'keyed:', 'the control');
  assert.not.ok(existsSync(join(home, 'transactions/1/uploads')));
});

test('that changed at their source are put in place by name, and what holds them follows', async () => {
  const made = content(`${secretsFolder}/MADE`);
  const renewed = { ...values, TOKEN: 'marker-new' };
  const plan = await apply(whole, renewed);
  assert.equal(done(plan), ['update secret TOKEN change', 'update secret-file redis.conf change']);
  assert.match(
    plan.changes.find(({ kind }) => kind === 'secret')?.reason ?? '',
    'value changed in deploy.yaml or its source',
  );
  assert.not.match(JSON.stringify(plan), 'marker');
  assert.match(content('redis.conf'), 'requirepass marker-new\n');
  assert.is(content(`${secretsFolder}/MADE`), made);
  assert.ok(isEmpty(look(whole, renewed).plan));
  assert.equal(holding(['marker-one']), [], 'the old value is gone from everywhere');
  await apply(whole, values);
});

test('that were edited by hand are drift and are put back', async () => {
  writeFileSync(etc(`${secretsFolder}/TOKEN`), 'by-hand');
  writeFileSync(etc('redis.conf'), 'by hand\n');
  const plan = await apply(whole, values);
  assert.equal(done(plan), ['update secret TOKEN drift', 'update secret-file redis.conf drift']);
  assert.is(content(`${secretsFolder}/TOKEN`), values.TOKEN);
  assert.ok(isEmpty(look(whole, values).plan));
});

test('that a host made stay, and are made anew only when they are gone', async () => {
  const made = content(`${secretsFolder}/MADE`);
  execaSync('chmod', ['644', etc(`${secretsFolder}/MADE`)]);
  assert.equal(done(await apply(whole, values)), ['update secret MADE drift']);
  assert.is(content(`${secretsFolder}/MADE`), made);
  execaSync('rm', [etc(`${secretsFolder}/MADE`)]);
  assert.equal(done(await apply(whole, values)), ['create secret MADE drift', 'update secret-file redis.conf drift']);
  assert.is.not(content(`${secretsFolder}/MADE`), made);
  assert.match(content('redis.conf'), content(`${secretsFolder}/MADE`));
  assert.ok(isEmpty(look(whole, values).plan));
});

test('are put back when a later step fails, and nothing of the attempt is left', async () => {
  const before = [content(`${secretsFolder}/TOKEN`), content('redis.conf')];
  const bad = { ...values, TOKEN: 'marker with spaces' };
  const log = await transact(look(whole, bad), bad);
  assert.match(log, 'the secret TOKEN has a character that its file cannot carry');
  assert.match(log, /end rolled-back\n$/);
  assert.not.match(log, 'marker');
  assert.equal([content(`${secretsFolder}/TOKEN`), content('redis.conf')], before);
  assert.equal(holding(['marker with spaces']), []);
  assert.ok(isEmpty(look(whole, values).plan), 'the note about the file was put back too');
});

test('do not lie about after a transaction that was refused or killed', async () => {
  const other = { ...values, TOKEN: 'marker-never' };
  const stale = look(whole, other);
  assert.match(await transact(stale, other, (folder) => writeFileSync(join(folder, 'serial'), '0\n')), 'end stale');
  assert.equal(holding(['marker-never']), []);
  const killed = await transact(stale, other, (folder) => writeFileSync(join(folder, 'executor.sh'), ': >"$1/log"\n'));
  assert.is(killed, '');
  const left = join(home, 'transactions', String(transactions));
  mkdirSync(join(left, 'undo/1'), { recursive: true });
  for (const name of ['old', 'secret']) writeFileSync(join(left, 'undo/1', name), 'marker-never');
  assert.is(holding(['marker-never']).length, 3, 'the control');
  await apply(whole, values);
  assert.equal(holding(['marker-never', sha256('marker-never')]), []);
});

test('leave with the last key that names them, but for those that a host made', async () => {
  const plan = await apply(manifestWith(), values);
  assert.equal(done(plan).sort(), [
    'delete secret LOGIN prune',
    'delete secret PASSWORD prune',
    'delete secret PEM prune',
    'delete secret TOKEN prune',
    'delete secret-file redis.conf prune',
    'keep secret MADE prune',
  ]);
  assert.equal(readdirSync(etc(secretsFolder)), ['MADE']);
  assert.equal(holding(['marker-one', 'marker two', 'marker-three']), []);
  assert.match(readFileSync(join(home, 'compositions'), 'utf8'), /redis\.conf\|\n$/);
  const back = await apply(whole, values);
  assert.not.ok(done(back).some((one) => one.includes('MADE')));
  assert.ok(isEmpty(look(whole, values).plan));
});

test('are compared by the key of the host: another one puts all in place anew', async () => {
  execaSync('rm', [join(home, 'digest-key')]);
  const plan = await apply(whole, values);
  assert.equal(done(plan).filter((one) => one.startsWith('update')).length, 5);
  assert.ok(isEmpty(look(whole, values).plan));
});

test('are refused where something else lies in their place', () => {
  const foreign = manifestWith(secret('FOREIGN'));
  writeFileSync(etc(`${secretsFolder}/FOREIGN`), 'theirs');
  const change = look(foreign, { FOREIGN: 'ours' }).plan.changes.find(({ name }) => name.endsWith('FOREIGN'));
  assert.is(change?.class, 'conflict');
});

test.run();
