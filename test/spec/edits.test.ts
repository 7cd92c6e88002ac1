/** Edits that correct a file: each leaves everything else as it was. */

import * as assert from 'uvu/assert';
import { parse as parseYaml } from 'yaml';
import type { TextEdit } from '../../src/diagnostic.ts';
import type { Document } from '../../src/spec/document.ts';
import { deleteAt, edited, inlineYaml, insertEntry, renameKey, replaceValue } from '../../src/spec/edits.ts';
import { parse } from '../../src/spec/parse.ts';
import { suite } from '../support/suite.ts';

const test = suite('edits of a file');

type Edit = (document: Document) => TextEdit | undefined;

const cases: readonly (readonly [what: string, before: string, edit: Edit, after: string])[] = [
  ['renames a key', 'a: 1\nbb: 2 # c\n', (file) => renameKey(file, ['bb'], 'b'), 'a: 1\nb: 2 # c\n'],
  ['replaces a value', 'a:\n  b: "3" # c\n', (file) => replaceValue(file, ['a', 'b'], '3'), 'a:\n  b: 3 # c\n'],
  ['replaces an item', 'a: [1, 2]\n', (file) => replaceValue(file, ['a', 1], '3'), 'a: [1, 3]\n'],
  ['adds to a block', 'a:\n  b: 1\n', (file) => insertEntry(file, ['a'], 'c', [1]), 'a:\n  c: [1]\n  b: 1\n'],
  ['adds to the file', '# x\na: 1\n', (file) => insertEntry(file, [], 'b', 'x'), '# x\nb: x\na: 1\n'],
  ['adds to an item', 'a:\n  - b: 1\n', (file) => insertEntry(file, ['a', 0], 'c', 2), 'a:\n  - c: 2\n    b: 1\n'],
  ['adds to braces', 'a: { b: 1 }\n', (file) => insertEntry(file, ['a'], 'c', 2), 'a: {c: 2,  b: 1 }\n'],
  ['adds to empty braces', 'a: {}\n', (file) => insertEntry(file, ['a'], 'c', 2), 'a: {c: 2}\n'],
  ['deletes lines', 'a: 1\nb:\n  c: 2\nd: 3\n', (file) => deleteAt(file, ['b']), 'a: 1\nd: 3\n'],
  ['deletes the only entry', 'a:\n  b: 1\nc: 2\n', (file) => deleteAt(file, ['a', 'b']), 'a:\n  {}\nc: 2\n'],
  ['deletes in braces', 'a: { b: 1, c: 2 }\n', (file) => deleteAt(file, ['a', 'c']), 'a: { b: 1 }\n'],
  ['deletes the first in braces', 'a: { b: 1, c: 2 }\n', (file) => deleteAt(file, ['a', 'b']), 'a: { c: 2 }\n'],
  ['deletes an item', 'a:\n  - 1\n  - 2\n', (file) => deleteAt(file, ['a', 0]), 'a:\n  - 2\n'],
  ['leaves the dash', 'a:\n  - b: 1\n    c: 2\n', (file) => deleteAt(file, ['a', 0, 'b']), 'a:\n  - c: 2\n'],
];

for (const [what, before, edit, after] of cases) {
  test(what, () => {
    const change = edit(parse({ path: 'deploy.yaml', text: before }));
    assert.ok(change);
    assert.is(edited(before, change), after);
  });
}

test('are none where the file does not say it itself', () => {
  const file = parse({ path: 'deploy.yaml', text: 'a: &x { b: 1 }\nc: *x\n' });
  for (const edit of [renameKey(file, ['z'], 'y'), deleteAt(file, ['z']), insertEntry(file, ['c'], 'd', 1)])
    assert.is(edit, undefined);
});

test('write values so that they are read back, also inside of lists and maps', () => {
  for (const value of ['a, b', '1.3', 'no', '@daily', 'it\'s: "so"', '[x', '', ['a', { b: 'c, d' }], 5, true]) {
    assert.equal(parseYaml(`k: ${inlineYaml(value)}`), { k: value });
    assert.equal(parseYaml(`{ k: [${inlineYaml(value)}] }`), { k: [value] });
  }
});

test.run();
