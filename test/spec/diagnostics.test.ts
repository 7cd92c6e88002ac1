/** Every code that a file can be refused or warned with has a golden case, and its place on the page of diagnostics. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { diagnosticsPage, shownCodes } from '../../schema/diagnostics.ts';
import { suite } from '../support/suite.ts';

const root = new URL('../../', import.meta.url).pathname;
const test = suite('diagnostics');

/** Codes that no file of a case can provoke: a size that git should not carry, and a name on the command line. */
const provokedElsewhere = ['yaml.too-large', 'environment.unknown'];

/** Texts of the shape of a code that name a key. */
const keys = [
  'kernel.sysrq',
  'app.jobs',
  'app.workers',
  'proxy.port',
  'tls.server',
  'tls.provider',
  'backups.drill',
  'app.network',
];

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'types.ts')
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));

const codesIn = (text: string): string[] =>
  [...text.matchAll(/'([a-z]+\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*)'/g)].map(([, code = '']) => code);

const missing = (used: readonly string[], shown: readonly string[]) =>
  [...new Set(used)].filter((code) => ![...shown, ...provokedElsewhere, ...keys].includes(code)).sort();

test('have a golden case each', () => {
  const used = sources('src/spec').flatMap(codesIn);
  assert.ok(used.length > 100);
  assert.equal(missing(used, shownCodes()), []);
  assert.equal(missing(codesIn("error(document, path, 'proxy.no-case', 'x', 'y')"), shownCodes()), ['proxy.no-case']);
});

test('are on their page as the golden cases show them', () => {
  assert.is(readFileSync(join(root, 'docs/diagnostics.md'), 'utf8'), diagnosticsPage(), 'run: npm run generate');
});

test.run();
