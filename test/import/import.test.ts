/**
 * Imports: each folder in cases/ holds a Compose file, the deploy.yaml that it becomes, and what could not be carried over.
 * `UPDATE_GOLDENS=1` rewrites the last two.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import picocolors from 'picocolors';
import * as assert from 'uvu/assert';
import { importCompose as command } from '../../src/commands/import.ts';
import { DiagnosticsError, ExitCode } from '../../src/diagnostic.ts';
import { importCompose, projectName } from '../../src/import/import.ts';
import { durationOf, memoryOf } from '../../src/import/process.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { lossesText } from '../../src/report/import.ts';
import { type ResolvedSpec, resolve } from '../../src/spec/resolve.ts';
import { compareGoldens } from '../support/golden.ts';
import { suite } from '../support/suite.ts';

const test = suite('import');
const cases = join(import.meta.dirname, 'cases');
const plain = picocolors.createColors(false);
const { contracts } = await loadAssets();

const host = `name: web-1
address: 192.0.2.10
os: debian-13
memory: 64G
hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G]
`;

/** Holds a deploy.yaml against schema and rules, on a host of its own. */
function validated(text: string): ResolvedSpec {
  const file = { path: 'host.yaml', text: host };
  const sources = {
    deploy: { path: 'deploy.yaml', text },
    hosts: [{ environment: 'production', folder: 'web-1', file }],
  };
  return resolve(sources, 'production', contracts).spec;
}

const read = (name: string) => ({
  path: 'compose.yaml',
  text: readFileSync(join(cases, name, 'compose.yaml'), 'utf8'),
});

for (const name of readdirSync(cases)) {
  test(name.replaceAll('-', ' '), () => {
    const { text, losses } = importCompose(read(name));
    const files = new Map([
      ['deploy.yaml', text],
      ['losses.txt', lossesText(losses, plain)],
    ]);
    compareGoldens(join(cases, name), files, (path) => path !== 'compose.yaml');
    assert.type(validated(text).name, 'string');
  });
}

test('no value that looks like a secret is copied', () => {
  const { text, losses } = importCompose(read('a-program-with-everything-around-it'));
  const all = text + lossesText(losses, plain);
  assert.match(all, 'SESSION_SECRET');
  for (const secret of ['hunter2', 'correct-horse', 'abc\n']) assert.not.match(all, secret);
  assert.match(all, 'costs $5', 'the control: other values are');
});

test('values arrive as they are', () => {
  const { app } = validated(importCompose(read('anchors-lists-and-hostile-values')).text);
  assert.equal(app.env, {
    QUOTES: 'it\'s "quoted" \\ # ; {{x}} %d',
    LINES: 'one\ntwo: three\n',
    LOOKS_LIKE_A_NUMBER: '0123',
    LOOKS_LIKE_TRUE: 'yes',
    SPACES: '  both ends  ',
  });
  assert.is(app.workers.jobs?.env.QUOTES, 'other', 'what is merged gives way to what is written');
});

test('a file without a program is refused', () => {
  const text = 'services:\n  db:\n    image: postgres:17\n';
  assert.throws(() => importCompose({ path: 'c.yaml', text }), /no service of this file could be the program/);
});

test('sizes, durations and names of Compose become those of deploy.yaml', () => {
  assert.equal(['512m', '1.5g', '1GB', 1048576, '0', 'much', undefined].map(memoryOf), [
    '512M',
    '1536M',
    '1024M',
    '1M',
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(['90s', '1m30s', '1h', '500ms', 'soon', 30].map(durationOf), [
    '90s',
    '90s',
    '3600s',
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(['Notes Shop', '9lives', 'x', 'a'.repeat(40)].map(projectName), [
    'notes-shop',
    'lives',
    'my-app',
    'a'.repeat(24),
  ]);
});

async function refused(work: Promise<unknown>, code: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, DiagnosticsError);
  assert.match((error as Error).message, code);
}

test('the command writes a new file and never over one that is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-import-'));
  const said: string[] = [];
  const sink = { write: (text: string) => said.push(text) > 0 };
  const terminal = { out: sink, err: sink, environment: {} } as never;
  const out = join(folder, 'deploy.yaml');
  const source = join(cases, 'a-program-alone', 'compose.yaml');
  try {
    assert.is(await command({ file: out, name: 'shop' }, terminal, source), ExitCode.done);
    assert.match(readFileSync(out, 'utf8'), 'name: shop');
    writeFileSync(out, 'mine');
    await refused(command({ file: out }, terminal, source), 'import.exists');
    assert.is(readFileSync(out, 'utf8'), 'mine');
    await refused(command({ file: join(folder, 'b.yaml') }, terminal, join(folder, 'none.yaml')), 'import.unreadable');
    assert.not.ok(existsSync(join(folder, 'b.yaml')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
