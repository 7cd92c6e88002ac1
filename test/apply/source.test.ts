/** The source of a release: what counts as a file of it, and what its digest follows from. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { readSource } from '../../src/apply/source.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { suite } from '../support/suite.ts';

const test = suite('the source');
const root = mkdtempSync(join(tmpdir(), 'fairlead-source-'));
let folders = 0;

test.after(() => rmSync(root, { recursive: true, force: true }));

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A new folder with files, in Git or not. */
function project(files: Readonly<Record<string, string>>, git = false): string {
  folders += 1;
  const folder = join(root, String(folders));
  put(folder, files);
  if (git) execaSync('git', ['init', '--quiet'], { cwd: folder });
  return folder;
}

const files = {
  'app/a.js': 'one',
  'app/lib/b.js': 'two',
  'app/.gitignore': 'secret\n',
  'app/secret': 'x',
  'other.js': 'y',
};
const digest = async (folder: string) => (await readSource(folder, 'app')).digest;

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('it was read'),
    (thrown: Error) => thrown,
  );
  return error instanceof DiagnosticsError
    ? error.diagnostics.map(({ code }) => code).join()
    : `no diagnostics: ${error.message}`;
}

test('is what Git tracks or would track, without what it ignores', async () => {
  const source = await readSource(project(files, true), 'app');
  assert.equal(source.files, ['.gitignore', 'a.js', 'lib/b.js']);
});

test('is every file but what a build makes where Git does not know the folder', async () => {
  const made = { 'app/node_modules/x/i.js': '', 'app/lib/dist/o.js': '', 'app/.git/HEAD': 'broken' };
  const source = await readSource(project({ ...files, ...made }), 'app');
  assert.equal(source.files, ['.gitignore', 'a.js', 'lib/b.js', 'secret']);
});

test('leaves out a file that Git tracks and that was deleted', async () => {
  const folder = project(files, true);
  execaSync('git', ['add', '--all'], { cwd: folder });
  unlinkSync(join(folder, 'app/a.js'));
  assert.equal((await readSource(folder, 'app')).files, ['.gitignore', 'lib/b.js']);
});

for (const git of [true, false]) {
  const where = git ? 'in Git' : 'outside Git';

  test(`has one digest whenever and wherever it lies, ${where}`, async () => {
    const [one, two] = [project(files, git), project(files, git)];
    const before = await digest(one);
    utimesSync(join(one, 'app/a.js'), 1, 1);
    assert.is(await digest(one), before);
    assert.is(await digest(two), before);
  });

  test(`has another digest after any change, ${where}`, async () => {
    const changes: readonly ((folder: string) => void)[] = [
      () => undefined,
      (folder) => put(folder, { 'app/a.js': 'One' }),
      (folder) => put(folder, { 'app/c.js': '' }),
      (folder) => unlinkSync(join(folder, 'app/a.js')),
      (folder) => chmodSync(join(folder, 'app/a.js'), 0o755),
      (folder) => put(folder, { 'app/a.js': 'onetwo', 'app/lib/b.js': '' }),
      (folder) => symlinkSync('a.js', join(folder, 'app/link')),
      (folder) => symlinkSync('lib/b.js', join(folder, 'app/link')),
    ];
    const digests = await Promise.all(
      changes.map((change) => {
        const folder = project(files, git);
        change(folder);
        return digest(folder);
      }),
    );
    assert.is(new Set(digests).size, changes.length);
  });
}

test('has the same digest after a change outside it or of a file that Git ignores', async () => {
  const folder = project(files, true);
  const before = await digest(folder);
  put(folder, { 'other.js': 'z', 'app/secret': 'z' });
  assert.is(await digest(folder), before);
});

test('is refused with what to do when it is missing or empty', async () => {
  assert.is(await codeOf(readSource(project(files), 'service')), 'app.source');
  const empty = project({ 'app/node_modules/x.js': '' });
  assert.is(await codeOf(readSource(empty, 'app')), 'app.source');
});

test('takes the files of a repository inside it', async () => {
  const folder = project({ ...files, 'app/inner/i.js': 'i' }, true);
  execaSync('git', ['init', '--quiet'], { cwd: join(folder, 'app/inner') });
  assert.equal((await readSource(folder, 'app')).files, ['.gitignore', 'a.js', 'inner/i.js', 'lib/b.js']);
});

test('is not guessed when Git cannot read its repository: a file that it ignores must not be shipped', async () => {
  const folder = project(files, true);
  execaSync('git', ['add', '--all'], { cwd: folder });
  writeFileSync(join(folder, '.git/index'), 'damaged');
  assert.is(await codeOf(readSource(folder, 'app')), 'app.source');
});

test.run();
