/** Every value reaches the reader of its grammar as it is, or is refused. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { escapeFor, type Grammar, grammars, UnwritableValue } from '../../src/compile/escape.ts';
import { suite } from '../support/suite.ts';

interface Case {
  readonly grammar: Grammar;
  readonly name: string;
  readonly value: string;
  readonly written?: string;
  readonly refused?: string;
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL('escape.json', import.meta.url), 'utf8'));
const test = suite('escapes');

for (const { grammar, name, value, written, refused } of cases) {
  test(`${refused === undefined ? 'write' : 'refuse'} for ${grammar}: ${name}`, () => {
    if (refused === undefined) return assert.is(escapeFor(value, grammar), written);
    try {
      escapeFor(value, grammar);
    } catch (error) {
      assert.instance(error, UnwritableValue);
      assert.match((error as Error).message, refused);
      return undefined;
    }
    return assert.unreachable('it was written');
  });
}

test('every grammar has cases of both kinds', () => {
  for (const grammar of grammars) {
    const own = cases.filter((one) => one.grammar === grammar);
    assert.ok(own.some(({ refused }) => refused === undefined) && own.some(({ refused }) => refused !== undefined));
  }
});

/** Reads one word as Nginx does (ngx_conf_file.c), or fails where it would see more than one. */
function readByNginx(word: string): string {
  if (!word.startsWith('"')) {
    assert.not.match(word, /[\s;{}#"'\\$]|^$/);
    return word;
  }
  const inner = word.match(/^"((?:[^"\\]|\\["\\])*)"$/)?.[1];
  assert.ok(inner !== undefined, `one word: ${word}`);
  return inner!.replaceAll(/\\(["\\])/g, '$1');
}

test('nginx gets back exactly what was written', () => {
  const hostile = fc.string({ unit: fc.constantFrom(...'ab "\'\\;{}#%~*='), maxLength: 12 });
  fc.assert(fc.property(hostile, (value) => assert.is(readByNginx(escapeFor(value, 'nginx')), value)));
});

test('systemd gets back exactly the argument that was written', () => {
  const read = (word: string) => {
    const inner = word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : word;
    return inner.replaceAll('%%', '%').replaceAll('$$', '$');
  };
  const hostile = fc.string({ unit: fc.constantFrom(...'ab "\'\\;{}#%$'), maxLength: 12 });
  fc.assert(fc.property(hostile, (value) => assert.is(read(escapeFor(value, 'systemd-exec')), value)));
});

test('no grammar lets a control character through', () => {
  for (const { grammar } of cases) {
    for (const code of [0, 1, 8, 11, 13, 27, 31, 127])
      assert.throws(() => escapeFor(`a${String.fromCharCode(code)}`, grammar), /control character|not a name/);
  }
});

test.run();
