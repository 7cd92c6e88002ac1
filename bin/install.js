const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const minimumNode = [20, 19];
const stamp = join('node_modules', '.fairlead-lock');

/** Throws, with what to do, when this Node is older than the `engines` of package.json. */
function requireNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = minimumNode;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(
    `Node ${minimumNode.join('.')} or newer is needed, this is ${version}; install a newer Node and try again`,
  );
}

/**
 * Installs the packages of package-lock.json when they are missing or of another lock file; `service` does the same for
 * `service/`. Costs a few milliseconds when everything is in place, and waits when another process is installing.
 * Throws with npm's own output when `npm ci` fails.
 *
 * @param {string} root the repository
 * @param {{ service?: boolean }} [options]
 */
function ensureInstalled(root, { service = false } = {}) {
  requireNode();
  installIn(resolve(root));
  if (service) installIn(resolve(root, 'service'));
}

function installIn(directory) {
  const lockFile = join(directory, 'package-lock.json');
  if (!existsSync(lockFile) || isCurrent(directory, lockFile)) return;
  withLock(directory, () => {
    if (isCurrent(directory, lockFile)) return;
    const where = directory.endsWith('service') ? ' in service/' : '';
    console.error(`installing dependencies (npm ci)${where} …`);
    npmCi(directory);
    writeFileSync(join(directory, stamp), hashOf(lockFile));
  });
}

/** Whether node_modules was made from this lock file: by us (the stamp says so) or by a plain `npm ci` or `npm install`. */
function isCurrent(directory, lockFile) {
  const stampFile = join(directory, stamp);
  const wanted = hashOf(lockFile);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return true;
  if (!wasInstalledByNpm(directory, lockFile)) return false;
  writeFileSync(stampFile, wanted);
  return true;
}

const hashOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Compares the lock file with the list of installed packages that npm leaves as its very last step. */
function wasInstalledByNpm(directory, lockFile) {
  const installedFile = join(directory, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.integrity === entry.integrity,
  );
}

function npmCi(directory) {
  const result = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (result.error) throw new Error(`npm could not be started (${result.error.message}); install npm and try again`);
  if (result.status !== 0) throw new Error(`npm ci failed in ${directory}:\n${result.stderr}`);
}

/** Runs `work` while holding a lock directory, so that two processes never run `npm ci` in one place at a time. */
function withLock(directory, work) {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  const lock = join(tmpdir(), `fairlead-install-${name}`);
  while (!take(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Takes the lock, or returns false; the lock of a process that is gone is removed. */
function take(lock) {
  try {
    mkdirSync(lock, { mode: 0o700 });
    writeFileSync(join(lock, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function isAbandoned(lock) {
  try {
    return !isAlive(Number(readFileSync(join(lock, 'pid'), 'utf8')));
  } catch {
    // Taken this moment and not signed yet, or its owner died in between.
    const taken = statSync(lock, { throwIfNoEntry: false });
    return taken !== undefined && Date.now() - taken.mtimeMs > 5000;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

module.exports = { requireNode, ensureInstalled };
