#!/usr/bin/env node
// Runs a TypeScript file of this repository, or Biome, after making sure that the dependencies are installed:
//   node bin/run.js path/file.ts arguments…
//   node bin/run.js --biome arguments…
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { ensureInstalled } = require('./install.js');

const root = join(__dirname, '..');
const [target, ...rest] = process.argv.slice(2);

if (!target) {
  console.error('usage: node bin/run.js <file.ts> [arguments…]\n       node bin/run.js --biome [arguments…]');
  process.exit(1);
}

try {
  ensureInstalled(root, { service: true });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const child =
  target === '--biome'
    ? spawn(join(root, 'node_modules', '.bin', 'biome'), rest, { cwd: root, stdio: 'inherit' })
    : spawn(process.execPath, ['--import', 'tsx', target, ...rest], { cwd: root, stdio: 'inherit' });

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the whole process group, so the child has it already.
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
  });
}

child.on('error', (error) => {
  console.error(`${target} could not be started: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
