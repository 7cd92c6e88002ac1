/** The scripts for hosts, run here on a folder of their own: what probe.sh prints, and what executor.sh leaves behind. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { readFrames } from '../../src/apply/frames.ts';
import { observedFrom } from '../../src/apply/observation.ts';
import { wantedLines } from '../../src/apply/probe.ts';
import { sha256 } from '../../src/plan/digest.ts';
import { readRecord } from '../../src/plan/record.ts';
import { hostScript, hostScriptNames } from '../../src/project/assets.ts';
import { wantAll } from '../../src/resources/observed.ts';
import { suite } from '../support/suite.ts';
import { withSystemctl } from '../support/systemctl.ts';

const test = suite('scripts for hosts');
const root = mkdtempSync(join(tmpdir(), 'fairlead-scripts-'));
const home = join(root, 'home', 'notes');
const me = userInfo().username;
const group = execaSync('id', ['-gn']).stdout;
const line = (id: string) => `${JSON.stringify({ id, origin: 'created', attributes: {} })}\n`;
let transactions = 0;

/** A script that keeps what it remembers below `root`. */
const local = (name: 'probe' | 'executor') =>
  withSystemctl(hostScript(name).replaceAll('/var/lib/fairlead', join(root, 'home')), root);

test.after(() => rmSync(root, { recursive: true, force: true }));

test('probe.sh reads files, links and folders, whatever their names and contents', () => {
  const path = (name: string) => join(root, name);
  const content = 'Grüße\n\nend 0 0 0\n\n';
  writeFileSync(path('a b'), content);
  writeFileSync(path('known'), 'known\n');
  writeFileSync(path('secret'), 'secret\n');
  chmodSync(path('a b'), 0o640);
  mkdirSync(path('folder'));
  symlinkSync('nowhere', path('*'));
  const wanted = wantAll([{ paths: ['a b', 'known', 'secret', 'folder', '*', 'missing'].map(path) }]);
  const request = ['project notes', ...wantedLines(wanted), `known ${sha256('known\n')}  ${path('known')}`];
  const readable = ['a b', 'known'].map((name) => `readable ${path(name)}`);
  const input = `${[...request, ...readable].join('\n')}\n`;
  const { stdout } = execaSync('sh', ['-c', local('probe')], { input, encoding: 'buffer', stripFinalNewline: false });
  const seen = observedFrom(readFrames(Buffer.from(stdout))!, wanted).paths;
  const owned = { owner: me, group };
  const at = (name: string) => seen.get(path(name));
  assert.equal(at('a b'), {
    state: 'present',
    value: { type: 'file', mode: '640', ...owned, sha256: sha256(content), size: Buffer.byteLength(content), content },
  });
  assert.equal(at('*'), { state: 'present', value: { type: 'symlink', mode: '777', ...owned, target: 'nowhere' } });
  assert.equal(at('missing'), { state: 'absent' });
  for (const name of ['known', 'secret']) {
    const read = at(name);
    assert.is(read?.state === 'present' && read.value.content, undefined, `the content of ${name} is not sent`);
  }
});

interface Transaction {
  readonly steps: readonly string[];
  readonly serial?: number;
  readonly expectations?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs executor.sh on a transaction and returns its log. */
function execute(
  { steps, serial = 0, expectations = '', files = {} }: Transaction,
  script = local('executor'),
): string {
  transactions += 1;
  const folder = join(home, 'transactions', String(transactions));
  for (const name of ['record', 'uploads']) mkdirSync(join(folder, name), { recursive: true });
  const lines = steps.map((step, index) => `${index + 1}|${step}\n`).join('');
  const all = {
    project: 'notes\n',
    id: 'x\n',
    serial: `${serial}\n`,
    holder: 'me\n',
    wanted: '',
    steps: lines,
    expectations,
  };
  for (const [name, text] of Object.entries({ ...all, ...files })) writeFileSync(join(folder, name), text);
  execaSync('sh', ['-c', script, 'sh', folder], { reject: false });
  return readFileSync(join(folder, 'log'), 'utf8');
}

const fresh = () => rmSync(home, { recursive: true, force: true });
const recordText = () => readFileSync(join(home, 'record.jsonl'), 'utf8');
const recorded = () => [...readRecord(recordText(), 1, 'web-1').resources.keys()];
const note = (name: string) => `note|reversible|record ${name}|${name}`;

test('executor.sh writes the record around its steps and counts its transactions', () => {
  fresh();
  const log = execute({
    steps: [note('a')],
    files: { 'record/1.before': line('group:a'), 'record/1.after': line('group:b') },
  });
  assert.match(log, /^step 1\ndone 1.*\nend converged\n$/);
  assert.equal(recorded(), ['group:a', 'group:b']);
  assert.is(readFileSync(join(home, 'serial'), 'utf8'), '1\n');
  assert.match(execute({ steps: [note('a')] }), 'end stale another apply came in between');
  assert.match(execute({ steps: [note('a')], serial: 1 }), 'end converged');
});

test('executor.sh drops a record line that a crash cut off, before it writes the next', () => {
  fresh();
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'record.jsonl'), `{"format":1}\n${line('group:a')}${line('group:b').slice(0, 15)}`);
  execute({ steps: [note('c')], files: { 'record/1.before': line('group:c') } });
  assert.equal(recorded(), ['group:a', 'group:c']);
});

test('no script for hosts defines a function twice, from however many files it is put together', () => {
  const twice = (text: string) => {
    const names = [...text.matchAll(/^(\w+)\(\) \{/gm)].map(([, name]) => name);
    return names.filter((name, index) => names.indexOf(name) !== index);
  };
  for (const name of hostScriptNames) assert.equal(twice(hostScript(name)), [], name);
  assert.equal(twice('a() {\n}\nb() { :; }\na() { :; }\n'), ['a'], 'the control');
});

test('attach.sh follows the apply that is at work, or else the newest that was not refused', () => {
  fresh();
  const attached = () => {
    const script = hostScript('attach').replaceAll('/var/lib/fairlead', join(root, 'home'));
    return execaSync('sh', ['-c', script], { input: 'notes\n\n' }).stdout.split('\n')[0];
  };
  for (const [id, end] of [
    ['1', 'converged'],
    ['2', 'converged'],
    ['3', 'locked ann'],
  ] as const) {
    mkdirSync(join(home, 'transactions', id), { recursive: true });
    for (const name of ['journal', 'log']) writeFileSync(join(home, 'transactions', id, name), `end ${end}\n`);
    writeFileSync(join(home, 'transactions', id, 'steps'), '1|note|reversible|record a|a\n');
  }
  assert.is(attached(), 'transaction 2 1');
  symlinkSync('transactions/1', join(home, 'unfinished'));
  assert.is(attached(), 'transaction 1 1');
});

test('executor.sh puts back what was there when a later step fails', () => {
  fresh();
  const path = join(root, 'settings');
  writeFileSync(path, 'old\n');
  const steps = [`file|reversible|write it|${path}|644|${me}|${group}|new`, 'validate|reversible|check it|nothing'];
  const files = {
    'uploads/new': 'new\n',
    'record/1.before': line('file:/x'),
    'record/1.undo': '{"id":"file:/x","gone":true}\n',
  };
  const log = execute({ steps, files });
  assert.match(log, /failed 2\n[\s\S]*undo 1\n[\s\S]*end rolled-back\n$/);
  assert.is(readFileSync(path, 'utf8'), 'old\n');
  assert.equal(recorded(), []);
  execute({ steps: steps.slice(0, 1), serial: 1, files });
  assert.is(readFileSync(path, 'utf8'), 'new\n', 'the control');
});

test('executor.sh touches nothing when a path is not what the plan saw', () => {
  fresh();
  const path = join(root, 'watched');
  writeFileSync(path, 'hand\n');
  const steps = [`path_remove|reversible|remove it|${path}`];
  const log = execute({ steps, expectations: `${sha256('other\n')}|${path}\n` });
  assert.is(log, `end stale ${path} changed since the plan was made\n`);
  assert.is(readFileSync(path, 'utf8'), 'hand\n');
  assert.match(execute({ steps, expectations: `${sha256('hand\n')}|${path}\n` }), 'end converged', 'the control');
});

/** A stand-in for dpkg-query that knows one configuration file, by the MD5 sum that it had when it was installed. */
function knowingConffile(path: string, installed: string): string {
  const script = join(root, 'dpkg-query');
  const sum = createHash('md5').update(installed).digest('hex');
  writeFileSync(script, `#!/bin/sh\nprintf '%s\\n' ' ${path} ${sum}'\n`, { mode: 0o755 });
  return script;
}

test('probe.sh tells which configuration files of packages nobody has changed', () => {
  const [untouched, edited] = [join(root, 'untouched.conf'), join(root, 'edited.conf')];
  for (const path of [untouched, edited]) writeFileSync(path, 'as installed\n');
  writeFileSync(edited, 'by hand\n');
  const seen = [untouched, edited].map((path) => {
    const wanted = wantAll([{ paths: [path] }]);
    const script = local('probe').replaceAll('dpkg-query', knowingConffile(path, 'as installed\n'));
    const input = `${['project notes', ...wantedLines(wanted), `readable ${path}`].join('\n')}\n`;
    const { stdout } = execaSync('sh', ['-c', script], { input, encoding: 'buffer', stripFinalNewline: false });
    const read = observedFrom(readFrames(Buffer.from(stdout))!, wanted).paths.get(path);
    return read?.state === 'present' && read.value.pristine;
  });
  assert.equal(seen, [true, undefined]);
});

test('executor.sh brings back the configuration file of a package when its own goes', () => {
  fresh();
  const path = join(root, 'nginx.conf');
  writeFileSync(path, 'as installed\n', { mode: 0o640 });
  const script = (name: 'executor') => local(name).replaceAll('dpkg-query', knowingConffile(path, 'as installed\n'));
  const write = {
    steps: [`file|reversible|write it|${path}|644|${me}|${group}|new`],
    files: { 'uploads/new': 'ours\n' },
  };
  const remove = { steps: [`path_remove|reversible|remove it|${path}`] };
  execute(write, script('executor'));
  assert.is(readFileSync(path, 'utf8'), 'ours\n');
  execute({ ...remove, serial: 1 }, script('executor'));
  assert.is(readFileSync(path, 'utf8'), 'as installed\n');
  assert.is(statSync(path).mode & 0o777, 0o640);
  writeFileSync(path, 'by hand\n');
  execute({ ...write, serial: 2 }, script('executor'));
  execute({ ...remove, serial: 3 }, script('executor'));
  assert.not.ok(existsSync(path), 'what somebody edited is not the package any more');
});

test.run();
