/** The folders that decide touch nothing outside: no files, processes, network, clock, random numbers or language of the machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const pure = ['spec', 'compile', 'resources', 'plan', 'import'];
const test = suite('pure folders');

/** What would make an outcome depend on the machine; comments do not count. */
const impurities: Readonly<Record<string, RegExp>> = {
  'a module of the system': /from 'node:(?!crypto')[^']*'|\brequire\(|\bimport\(/,
  'randomness of node:crypto': /\b(randomBytes|randomUUID|randomInt|getRandomValues)\b/,
  'the edge of the program': /from '(?:\.\.\/)+(?:apply|transport|project|commands|secrets)\//,
  // The processes of a program have an `env`, too.
  'the process': /\bprocess\.(env[.[]|cwd|argv|platform|stdout|stderr|exit|hrtime|pid|uptime)/,
  'the clock': /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/,
  'random numbers': /\bMath\.random\b/,
  'the language of the machine': /\.toLocale\w*\(|\.localeCompare\([^,()]*(\([^()]*\))?\)|new Intl\.\w+\(\)/,
};

const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

/** Code alone: a health check that is compiled may hold a program of its own. */
const withoutTexts = (text: string) => withoutComments(text).replaceAll(/'[^'\n]*'/g, "''");

const found = (name: string, text: string): string[] =>
  Object.entries(impurities)
    .filter(([what, pattern]) => pattern.test(what === 'the process' ? withoutTexts(text) : withoutComments(text)))
    .map(([what]) => `${name}: ${what}`);

const sources = (folder: string): string[] =>
  readdirSync(join(source, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));

const folders = pure.filter((folder) => readdirSync(source).includes(folder));

for (const folder of folders) {
  test(`src/${folder} is one`, () => {
    const files = sources(folder);
    assert.ok(files.length > 1);
    assert.equal(
      files.flatMap((file) => found(file, readFileSync(join(source, file), 'utf8'))),
      [],
    );
  });
}

const controls: readonly string[] = [
  "import { readFileSync } from 'node:fs';",
  "const fs = require('fs');",
  "import { randomBytes } from 'node:crypto';",
  "import { probe } from '../../apply/probe.ts';",
  'const home = process.env.HOME;',
  "const home = process.env['HOME'];",
  'const now = new Date();',
  'const now = Date.now();',
  'const one = Math.random();',
  'a.localeCompare(b)',
  'a.localeCompare(b.toString())',
  'text.toLocaleUpperCase()',
  'new Intl.NumberFormat()',
];

test('the control: what is impure is found, and what is not is left alone', () => {
  for (const line of controls) assert.is(found('x', line).length, 1, line);
  const harmless =
    "import { createHash } from 'node:crypto';\na.localeCompare(b, 'en'); // Date.now()\n/* process.env.X */ 'process.exit(0)' + process.env";
  assert.equal(found('x', harmless), []);
});

test.run();
