#!/usr/bin/env node
// Starts the command line. The first run installs the dependencies and bundles the program; later runs check that in milliseconds.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.js';
import { ensureInstalled } from './install.js';
import { loadBundle } from './load.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
try {
  ensureInstalled(root, { service: false });
  await ensureBuilt(root);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
loadBundle(join(root, 'dist', 'cli.cjs'), process.argv[2] ?? 'help');
