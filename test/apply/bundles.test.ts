/** executor.sh with programs that were built: what releases have in common lies on the disk once. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { ExecutorGround } from '../support/executor.ts';
import { suite } from '../support/suite.ts';

const test = suite('bundles on a host');
const ground = new ExecutorGround();
const scratch = mkdtempSync(join(tmpdir(), 'fairlead-bundles-'));

test.after(() => {
  ground.remove();
  rmSync(scratch, { recursive: true, force: true });
});

type Files = Readonly<Record<string, string>>;

/** Files as the client packs them. */
function packed(files: Files, modes: Readonly<Record<string, number>> = {}): Uint8Array {
  const folder = mkdtempSync(join(scratch, 'app-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: modes[path] ?? 0o644 });
  }
  return execaSync('tar', ['-cz', '--mtime=@0', '-C', folder, '.'], { encoding: 'buffer' }).stdout;
}

const unpack = (bundle: string) => `bundle_unpack|reversible|bring the program|notes|${bundle}|app-${bundle}.tar.gz`;
const stage = (release: string, bundle: string) =>
  `release_stage|reversible|stage it|notes|${release}|${bundle}|/opt/node|${ground.at('environment')}`;
const drain = 'release_drain|final|drain|notes|1';

/** Brings one release after the other, each as a transaction of its own. */
function deliver(release: string, bundle: string, content: Uint8Array, ...more: string[]) {
  writeFileSync(ground.at('environment'), 'NODE_ENV=production\n');
  return ground.run([unpack(bundle), stage(release, bundle), ...more], { [`app-${bundle}.tar.gz`]: content }).log;
}

function fresh(): void {
  ground.clear();
  ground.program('systemctl', 'case "$1" in is-system-running) echo running ;; esac');
}

const inApp = (bundle: string, path: string) => ground.at('srv/notes/bundles', bundle, 'app', path);
const inode = (bundle: string, path: string) => statSync(inApp(bundle, path)).ino;

test('are whole, and a release leads to its own', () => {
  fresh();
  assert.match(deliver('r1', 'b1', packed({ 'server.js': 'one', 'lib/a.js': 'a' })), /end converged\n$/);
  assert.is(readFileSync(ground.at('srv/notes/releases/r1/app/lib/a.js'), 'utf8'), 'a');
  assert.is(readFileSync(ground.at('srv/notes/releases/r1/environment'), 'utf8'), 'NODE_ENV=production\n');
  statSync(ground.at('srv/notes/releases/r1/app/../.complete'));
});

test('share what is the same in content, path and mode, and nothing else', () => {
  fresh();
  const files = { 'a.js': 'same', 'b.js': 'one', 'c.js': 'same length', 'deep/d e\n.js': 'same', empty: '', run: 'x' };
  deliver('r1', 'b1', packed(files));
  const next = { ...files, 'b.js': 'other', 'c.js': 'SAME LENGTH', 'new.js': 'same' };
  assert.match(deliver('r2', 'b2', packed(next, { run: 0o755 })), /end converged\n$/);
  const shared = Object.keys(next).filter((path) => path in files && inode('b1', path) === inode('b2', path));
  assert.equal(shared, ['a.js', 'deep/d e\n.js']);
  for (const [path, text] of Object.entries(next)) assert.is(readFileSync(inApp('b2', path), 'utf8'), text, path);
  for (const [path, text] of Object.entries(files)) assert.is(readFileSync(inApp('b1', path), 'utf8'), text, path);
});

test('that a hand has changed on the host are not shared', () => {
  fresh();
  deliver('r1', 'b1', packed({ 'a.js': 'what was built' }));
  writeFileSync(inApp('b1', 'a.js'), 'edited by hand');
  deliver('r2', 'b2', packed({ 'a.js': 'what was built' }));
  assert.is(readFileSync(inApp('b2', 'a.js'), 'utf8'), 'what was built');
});

test('ten with the same dependencies take less room than three', () => {
  fresh();
  const dependencies = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`node_modules/m${index}/index.js`, `${index}`.repeat(9000)]),
  );
  const sizes = Array.from({ length: 10 }, (_, index) => {
    const content = packed({ ...dependencies, 'server.js': `release ${index}` });
    assert.match(deliver(`r${index}`, `b${index}`, content), /end converged\n$/);
    return Number(execaSync('du', ['-sk', ground.at('srv/notes')]).stdout.split('\t')[0]);
  });
  assert.ok(sizes[9]! < 3 * sizes[0]!, `${sizes[0]} KiB grew to ${sizes[9]} KiB`);
});

test('that were unpacked for an apply that failed are gone, and one that was there before stays', () => {
  fresh();
  const failing = 'validate|reversible|check it|nothing';
  assert.match(deliver('r1', 'b1', packed({ 'a.js': 'a' }), failing), /end rolled-back\n$/);
  assert.equal(readdirSync(ground.at('srv/notes/bundles')), []);
  deliver('r1', 'b1', packed({ 'a.js': 'a' }));
  assert.match(deliver('r2', 'b1', packed({ 'a.js': 'a' }), failing), /end rolled-back\n$/);
  assert.equal(readdirSync(ground.at('srv/notes/bundles')), ['b1']);
});

test('go with the last release that needs them', () => {
  fresh();
  symlinkSync('blue', ground.at('run/notes/live'));
  for (let number = 1; number <= 7; number++) {
    const bundle = `b${Math.ceil(number / 2)}`;
    deliver(`r${number}`, bundle, packed({ 'a.js': bundle }), drain);
    execaSync('touch', ['-d', `2020-01-0${number}`, ground.at('srv/notes/releases', `r${number}`)]);
  }
  deliver('r8', 'b4', packed({ 'a.js': 'b4' }), drain);
  assert.equal(readdirSync(ground.at('srv/notes/releases')), ['r4', 'r5', 'r6', 'r7', 'r8']);
  assert.equal(readdirSync(ground.at('srv/notes/bundles')), ['b2', 'b3', 'b4']);
});

test.run();
