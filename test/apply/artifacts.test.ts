/** Building a release: in a clean copy, whole or not at all, and the same bytes each time. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { makeArtifacts } from '../../src/apply/artifacts.ts';
import { readSource } from '../../src/apply/source.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { bundleUpload } from '../../src/resources/release.ts';
import type { ReleaseResource } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';

const test = suite('artifacts');
const root = mkdtempSync(join(tmpdir(), 'fairlead-artifacts-'));

test.after(() => rmSync(root, { recursive: true, force: true }));

const app = join(root, 'app');
mkdirSync(join(app, 'node_modules'), { recursive: true });
writeFileSync(join(app, 'a.js'), 'one');
writeFileSync(join(app, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
writeFileSync(join(app, 'node_modules', 'left.js'), 'left over from an older build');

const release = (build: string): ReleaseResource => ({
  kind: 'release',
  id: 'release:notes',
  name: 'notes',
  release: 'aaaa',
  bundle: 'cccc',
  origin: 'app.source',
  needs: [],
  instances: 1,
  runtime: { version: '1.0.0', package: 'fairlead-no-such-runtime', integrity: 'sha512-x' },
  source: 'app',
  build,
  ready: '/readyz',
  timeout: 1,
  steady: 5,
  environmentFile: '/etc/fairlead/notes/app.env',
  parts: [],
});

const name = bundleUpload(release(''));

/** Builds into a cache of its own and returns it with what was said. */
async function make(build: string, cache: string): Promise<{ cache: string; said: string[]; error?: Error }> {
  const said: string[] = [];
  const source = await readSource(root, 'app');
  const folder = join(root, cache);
  try {
    await makeArtifacts([name], release(build), source, folder, (text) => said.push(text));
    return { cache: folder, said };
  } catch (error) {
    return { cache: folder, said, error: error as Error };
  }
}

const list = (cache: string) =>
  execaSync('tar', ['-tzf', join(cache, name)])
    .stdout.split('\n')
    .sort();
const problem = (error: Error | undefined) => {
  assert.instance(error, DiagnosticsError);
  return (error as DiagnosticsError).diagnostics[0]!;
};

test('hold the source and what the build made of it, and nothing that lay about', async () => {
  const { cache, said } = await make('test ! -e node_modules && mkdir dist && cp a.js dist/b.js', 'one');
  assert.equal(list(cache), ['./', './a.js', './dist/', './dist/b.js', './run.sh']);
  assert.equal(readdirSync(cache), [name], 'no scratch folder stays');
  assert.equal(said, ['building notes: test ! -e node_modules && mkdir dist && cp a.js dist/b.js']);
  assert.not.ok(existsSync(join(app, 'dist')), 'the source itself is untouched');
  const modes = execaSync('tar', ['-tvzf', join(cache, name)]).stdout;
  assert.match(modes, /^-rwxr-xr-x 0\/0 .* \.\/run\.sh$/m);
});

test('are the same bytes from the same source', async () => {
  const [one, two] = await Promise.all([make('echo a > b', 'same-1'), make('sleep 1.1; echo a > b', 'same-2')]);
  const bytes = ({ cache }: { cache: string }) => readFileSync(join(cache, name));
  assert.ok(bytes(one).equals(bytes(two)));
  assert.not.ok(bytes(one).equals(bytes(await make('echo c > b', 'other'))), 'the control');
});

test('are not built again once they are in the cache', async () => {
  await make('true', 'again');
  const { said, error } = await make('false', 'again');
  assert.equal([said, error], [[], undefined]);
});

test('of a failing build are left out, and its last lines are shown', async () => {
  const { cache, error } = await make('for i in $(seq 30); do echo line $i; done; echo bad >&2; exit 3', 'failing');
  const { code, message, fix } = problem(error);
  assert.is(code, 'app.build');
  assert.match(message, /the build failed \(exit code 3\) and nothing was changed on any host/);
  assert.match(message, /line 30\n {2}bad$/);
  assert.not.match(message, 'line 1\n');
  assert.match(fix, 'app.build in deploy.yaml');
  assert.equal(readdirSync(cache), []);
});

test('of a source without package.json are not built by npm, which would install in the folders above', async () => {
  for (const build of ['npm ci --omit=dev', 'pnpm install']) {
    const { cache, said, error } = await make(build, 'stray');
    const { code, message, fix } = problem(error);
    assert.is(code, 'app.build');
    assert.match(message, `the build "${build}" needs a package.json, and the source has none`);
    assert.match(fix, 'app.build: "true"');
    assert.equal([said, readdirSync(cache)], [[], []]);
  }
});

test('of a build that is killed are left out too', async () => {
  const { cache, error } = await make('kill -9 $$', 'killed');
  assert.is(problem(error).code, 'app.build');
  assert.equal(readdirSync(cache), []);
});

test('that nothing makes are a fault', async () => {
  const source = await readSource(root, 'app');
  try {
    await makeArtifacts(['other.tar.gz'], release('true'), source, join(root, 'none'), () => undefined);
  } catch (error) {
    assert.match((error as Error).message, 'nothing makes the upload other.tar.gz');
    return;
  }
  assert.unreachable('it was made');
});

test.run();
