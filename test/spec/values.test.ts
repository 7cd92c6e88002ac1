/** Commands, durations, sizes and suggestions: small texts that the file holds. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { splitCommand, wordsOf } from '../../src/spec/command.ts';
import { suggest } from '../../src/spec/suggest.ts';
import { megabytes, seconds } from '../../src/spec/units.ts';
import { suite } from '../support/suite.ts';

interface CommandCase {
  readonly name: string;
  readonly line: string;
  readonly words?: readonly string[];
  readonly problem?: string;
}

const commands: readonly CommandCase[] = JSON.parse(readFileSync(new URL('command.json', import.meta.url), 'utf8'));
const test = suite('values of the file');

for (const { name, line, words, problem } of commands) {
  test(`a command with ${name}`, () => {
    const command = splitCommand(line);
    if (words) assert.equal(command, { words });
    else assert.match('problem' in command ? command.problem : JSON.stringify(command), problem ?? '');
  });
}

test('a command of any words in single quotes comes back word by word', () => {
  const word = fc.string().filter((text) => !text.includes("'"));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      assert.equal(splitCommand(words.map((one) => `'${one}'`).join(' ')), { words });
    }),
  );
});

test('words of a command that was not validated are refused', () => {
  assert.equal(wordsOf('node a.js'), ['node', 'a.js']);
  assert.throws(() => wordsOf('node | id'), /unvalidated command/);
});

const durations: Record<string, number> = {
  '1ms': 1,
  '1500ms': 2,
  '999999ms': 1000,
  '1s': 1,
  '90s': 90,
  '5m': 300,
  '2h': 7200,
};
const sizes: Record<string, number> = { '1M': 1, '512M': 512, '2G': 2048, '999999G': 1023998976 };

test('durations are whole seconds, rounded up, and sizes are mebibytes', () => {
  for (const [text, value] of Object.entries(durations)) assert.is(seconds(text), value, text);
  for (const [text, value] of Object.entries(sizes)) assert.is(megabytes(text), value, text);
});

for (const wrong of ['', '5', 's', '5 s', '-5s', '1.5s', '5w', '5s\n', '٥s']) {
  test(`${JSON.stringify(wrong)} is neither a duration nor a size`, () => {
    assert.throws(() => seconds(wrong), /not a duration/);
    assert.throws(() => megabytes(wrong), /not a size/);
  });
}

const keys = ['app', 'proxy', 'tls', 'database', 'bodyLimit', 'instances', 'domains', 'timeouts'];
const suggestions: readonly (readonly [string, string | undefined])[] = [
  ['proxi', 'proxy'],
  ['body_limit', 'bodyLimit'],
  ['body-limit', 'bodyLimit'],
  ['BODYLIMIT', 'bodyLimit'],
  ['instance', 'instances'],
  ['domain', 'domains'],
  ['timeout', 'timeouts'],
  ['databse', 'database'],
  ['ap', 'app'],
  ['kubernetes', undefined],
  ['x', undefined],
  ['volumes', undefined],
];

for (const [word, wanted] of suggestions) {
  test(`${word} suggests ${wanted ?? 'nothing'}`, () => assert.is(suggest(word, keys), wanted));
}

test('nothing is suggested where there is nothing', () => assert.is(suggest('app', []), undefined));

test.run();
