/** A project on disk: what is read of it, and what compiling writes to it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { chooseEnvironment, environmentsWithHosts, loadProject } from '../../src/project/load.ts';
import { writeTree } from '../../src/project/write.ts';
import { edits, manifest } from '../plan/manifests.ts';
import { suite } from '../support/suite.ts';

const test = suite('projects');
const root = mkdtempSync(join(tmpdir(), 'fairlead-project-'));
let folders = 0;

test.after(() => rmSync(root, { recursive: true, force: true }));

function project(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  folders += 1;
  const folder = join(root, String(folders));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const load = (folder: string) => loadProject(join(folder, 'deploy.yaml'));

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics.map(({ code }) => code).join();
    throw error;
  }
  return 'none';
}

const host = 'hosts/production/web-1/host.yaml';

test('are read with every host file, in a fixed order and with paths that people know', () => {
  const folder = project({
    'deploy.yaml': 'name: a\n',
    'hosts/staging/b/host.yaml': 'name: b\n',
    'hosts/production/web-2/host.yaml': 'name: web-2\n',
    [host]: 'name: web-1\n',
    'hosts/production/empty/notes.txt': 'no host\n',
    'hosts/.hidden/x/host.yaml': 'name: x\n',
    'hosts/README.md': 'no environment\n',
  });
  const { folder: found, sources } = load(folder);
  assert.is(found, folder);
  assert.is(sources.deploy.path, 'deploy.yaml');
  assert.equal(
    sources.hosts.map(({ file }) => file.path),
    [host, 'hosts/production/web-2/host.yaml', 'hosts/staging/b/host.yaml'],
  );
  assert.equal(environmentsWithHosts(sources), ['production', 'staging']);
});

test('are read the same with line breaks of Windows and a byte order mark', () => {
  const text = load(project({ 'deploy.yaml': '\uFEFFname: a\r\napp:\r\n  start: x\r\n' })).sources.deploy.text;
  assert.is(text, 'name: a\napp:\n  start: x\n');
});

test('that cannot be read are refused', () => {
  assert.is(
    codeOf(() => load(project())),
    'project.no-file',
  );
  assert.is(
    codeOf(() => load(project({ 'deploy.yaml': Buffer.from([0x61, 0xff, 0xfe]) }))),
    'project.unreadable',
  );
  assert.is(
    codeOf(() => load(project({ 'deploy.yaml/x': '' }))),
    'project.unreadable',
  );
  const binary = { 'deploy.yaml': 'name: a\n', [host]: Buffer.from([0xc3, 0x28]) };
  assert.is(
    codeOf(() => load(project(binary))),
    'project.unreadable',
  );
  assert.is(
    codeOf(() => load(project({ 'deploy.yaml': 'name: größe\n' }))),
    'none',
    'the control',
  );
});

const environments: readonly (readonly [string, readonly string[], string | undefined, string])[] = [
  ['none', [], undefined, 'production'],
  ['one', ['staging'], undefined, 'staging'],
  ['production among several', ['demo', 'production', 'staging'], undefined, 'production'],
  ['a named one', ['production', 'staging'], 'staging', 'staging'],
  ['a choice', ['demo', 'staging'], undefined, 'environment.ambiguous'],
];

for (const [name, hosts, named, wanted] of environments) {
  test(`mean an environment where there is ${name}`, () => {
    const files = Object.fromEntries(hosts.map((one) => [`hosts/${one}/web-1/host.yaml`, 'name: web-1\n']));
    const { sources } = load(project({ 'deploy.yaml': 'name: a\n', ...files }));
    let chosen = '';
    const code = codeOf(() => {
      chosen = chooseEnvironment(sources, named);
    });
    assert.is(code === 'none' ? chosen : code, wanted);
  });
}

test('mean the environment that only the deploy file names', () => {
  const { sources } = load(project({ 'deploy.yaml': 'environments:\n  demo: {}\n' }));
  assert.is(chooseEnvironment(sources, undefined), 'demo');
});

const tree = 'hosts/production/web-1';
const site = `${tree}/rootfs/etc/nginx/sites-available/notes.conf`;

test('get the compiled tree, and nothing is written twice', () => {
  const folder = project({ [host]: 'name: web-1\n' });
  const written = writeTree(folder, manifest());
  assert.ok(written.every(({ action }) => action === 'written'));
  assert.equal(written.map(({ path }) => path).includes(site), true);
  assert.ok(written.some(({ path }) => path === `${tree}/manifest.json`));
  const before = statSync(join(folder, site)).ino;
  assert.equal(writeTree(folder, manifest()), []);
  assert.is(statSync(join(folder, site)).ino, before);
});

test('lose what is compiled no more, and keep what people wrote', () => {
  const folder = project({ [host]: 'name: web-1\n', [`${tree}/notes.md`]: 'mine\n' });
  writeTree(folder, manifest());
  writeFileSync(join(folder, `${site}.new`), 'left by a crash\n');
  const changes = writeTree(folder, manifest(edits.noProxy));
  const removed = changes.filter(({ action }) => action === 'removed').map(({ path }) => path);
  for (const path of [site, `${site}.new`]) assert.ok(removed.includes(path), path);
  assert.ok(removed.every((path) => path.startsWith(`${tree}/rootfs/`)));
  assert.not.ok(existsSync(join(folder, site)));
  assert.is(readFileSync(join(folder, tree, 'notes.md'), 'utf8'), 'mine\n');
  assert.is(readFileSync(join(folder, host), 'utf8'), 'name: web-1\n');
});

test('are only compared in a dry run', () => {
  const folder = project({ [host]: 'name: web-1\n' });
  const dry = writeTree(folder, manifest(), true);
  assert.not.ok(existsSync(join(folder, tree, 'rootfs')));
  assert.equal(dry, writeTree(folder, manifest()), 'a dry run says what a real one does');
  writeTree(folder, manifest(edits.noProxy), true);
  assert.ok(existsSync(join(folder, site)));
});

test('hold no line numbers in the manifest: a comment changes nothing', () => {
  const folder = project({ [host]: 'name: web-1\n' });
  writeTree(folder, manifest());
  assert.equal(writeTree(folder, manifest({ replace: [[/^app:/m, '# a comment\n\napp:']] })), []);
  assert.ok(writeTree(folder, manifest({ replace: [[/20m/, '21m']] })).length > 0, 'the control');
});

test.run();
