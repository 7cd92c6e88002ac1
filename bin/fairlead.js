#!/usr/bin/env node
// Starts the command line. The first run installs the dependencies and bundles the program; later runs check that in milliseconds.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { ensureInstalled } = await import('./install.js');
await ensureInstalled(root, { service: false });
const { ensureBuilt } = await import('./build.js');
await ensureBuilt(root);
await import(pathToFileURL(join(root, 'dist', 'cli.js')).href);
