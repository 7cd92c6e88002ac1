#!/usr/bin/env node
// Starts the command line. The first run installs the dependencies and bundles the program; later runs check that in milliseconds.
// CommonJS, because Node.js starts that sooner than modules.
const { join } = require('node:path');
const { ensureBuilt } = require('./build.js');
const { ensureInstalled } = require('./install.js');
const { loadBundle } = require('./load.js');

const root = join(__dirname, '..');

async function prepare() {
  ensureInstalled(root, { service: false });
  await ensureBuilt(root);
}

prepare().then(
  () => loadBundle(join(root, 'dist', 'cli.cjs'), process.argv[2] ?? 'help'),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
