/** Which resources an entry of `protect` means. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { matches } from '../../src/compile/protect.ts';
import { kindOrder } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';

const test = suite('protect');

const table: readonly (readonly [pattern: string, text: string, isMeant: boolean])[] = [
  ['file:/etc/a', 'file:/etc/a', true],
  ['file:/etc/a', 'file:/etc/ab', false],
  ['file:/etc/*', 'file:/etc/nginx/a.conf', true],
  ['file:/etc/*', 'file:/etc/', true],
  ['file:/etc/*', 'symlink:/etc/a', false],
  ['file:*.conf', 'file:/etc/a.conf', true],
  ['file:*.conf', 'file:/etc/a.conf.d', false],
  ['file:*a*a', 'file:a', false],
  ['file:*a*a', 'file:aa', true],
  ['file:/a*b*a', 'file:/a', false],
  ['file:**', 'file:x', true],
  ['unit:notes-job-*.timer', 'unit:notes-job-tidy.timer', true],
  ['unit:notes-job-*.timer', 'unit:notes-job-tidy.service', false],
  ['file:/etc/a.b', 'file:/etc/axb', false],
];

for (const [pattern, text, isMeant] of table) {
  test(`${pattern} ${isMeant ? 'means' : 'does not mean'} ${text}`, () => assert.is(matches(pattern, text), isMeant));
}

test('no pattern takes long', () => {
  const started = performance.now();
  assert.not.ok(matches(`file:${'*a'.repeat(240)}*b`, `file:${'a'.repeat(4000)}`));
  assert.ok(performance.now() - started < 500);
});

test('every kind of resource can be named', () => {
  const section = readFileSync(new URL('../../schema/sections/protect.yaml', import.meta.url), 'utf8');
  const kinds = (parse(section) as { items: { pattern: string } }).items.pattern
    .match(/^\^\(([^)]*)\)/)?.[1]
    ?.split('|');
  assert.equal(kinds?.sort(), [...kindOrder].sort());
});

test.run();
