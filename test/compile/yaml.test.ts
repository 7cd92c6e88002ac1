/** YAML files: every value is read back as it is, by readers of YAML 1.1 and 1.2, and every line knows its keys. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { escapeFor } from '../../src/compile/escape.ts';
import { from } from '../../src/compile/trace.ts';
import { caused, noted, yamlFile } from '../../src/compile/yaml.ts';
import { suite } from '../support/suite.ts';

const test = suite('YAML files');

/** Texts that readers of one version or the other take for something else. */
const trickyTexts = [
  ...[
    '',
    ' ',
    '~',
    'null',
    'yes',
    'No',
    'on',
    'y',
    'true',
    '0',
    '012',
    '0o17',
    '0x1F',
    '1_000',
    '1e3',
    '.5',
    '.inf',
    '-',
  ],
  ...[
    '12:30:45',
    '2001-01-01',
    '<<',
    '=',
    '*a',
    '&a',
    '!a',
    '%a',
    '@a',
    '`a',
    '#a',
    'a #b',
    'a: b',
    ': ',
    '- a',
    '? a',
  ],
  ...['[a', '{a', '{{x}}', '"', "'", '\\', '\\n', 'a\nb\n', '\n', '\ta', 'a ', '---', '...', '|', '>', 'ümlaut', '🎉'],
  ...['\u0085', '\u00a0', '\u2028', '\ufeff', '\u200f', 'a'.repeat(300), `${'a '.repeat(200)}`],
];

const readBack = (text: string, version: '1.1' | '1.2') => {
  const { text: file } = yamlFile([], { key: from('k', text), list: [from('k', text)], [`k${text.length}`]: 1 });
  const read = parse(file, { version }) as { key: unknown; list: unknown[] };
  return [read.key, read.list[0]];
};

test('texts that look like something else are read as they are', () => {
  for (const text of trickyTexts)
    for (const version of ['1.1', '1.2'] as const)
      assert.equal(readBack(text, version), [text, text], JSON.stringify(text));
});

test('any text is read as it is, and stands on one line', () => {
  const hostile = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab0 "\'\\:#-{}[]&*!|>%@`,?=~\n\t$<'), maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/[\u0000-\u0008\u000b-\u001f]/.test(text)),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      assert.equal(readBack(text, '1.1'), [text, text]);
      assert.equal(readBack(text, '1.2'), [text, text]);
      assert.is(yamlFile([], { key: from('k', text) }).text.split('\n').length, 2);
    }),
    { numRuns: 300 },
  );
});

test('what readers of YAML refuse or take as a line break is written as an escape', () => {
  const { text } = yamlFile([], { key: from('k', 'a\u0085\u2028\u2029\ufeff\u009f') });
  assert.is(text, 'key: "a\\u0085\\u2028\\u2029\\ufeff\\u009f"\n');
});

test('a line knows the key of its value and of the block that it stands in', () => {
  const { text, lines } = yamlFile(['head'], {
    plain: 1,
    own: from('a.b', 'x'),
    block: caused('c', { value: from('c.d', 2), list: caused('e', ['x']) }),
    pinned: noted('name@commit', 'v1'),
    both: noted(from('f', 'x'), 'why'),
    after: true,
  });
  const expected: [string, string[]][] = [
    ['# head', []],
    ['plain: 1', []],
    ['own: x', ['a.b']],
    ['block:', ['c']],
    ['  value: 2', ['c', 'c.d']],
    ['  list:', ['c', 'e']],
    ['    - x', ['c', 'e']],
    ['pinned: name@commit # v1', []],
    ['both: x # why', ['f']],
    ['after: true', []],
    ['', []],
  ];
  assert.equal(
    text.split('\n').map((line, index) => [line, lines[index]]),
    expected,
  );
});

test('values are written for the reader of the file, and those of the compiler itself are not', () => {
  const value = { theirs: from('k', `$HOME \${X}`), ours: '$HOME', raw: from('k', '$x', 'foreign') };
  assert.equal(parse(yamlFile([], value, 'compose').text), { theirs: `$$HOME $\${X}`, ours: '$HOME', raw: '$x' });
  assert.throws(() => yamlFile([], { a: from('k', `a \${{ b }}`, 'workflow-run') }), /GitHub would fill in/);
});

test('a value cannot pretend to be a trace', () => {
  for (const mark of ['\u{F0000}', '\u{F0001}', '\u{F0002}'])
    assert.throws(() => yamlFile([], { a: from('k', `a${mark}b`) }), /reserved for tracing/);
});

test('a Compose file gives a text back by halving its dollars, a workflow by evaluating its expressions', () => {
  const hostile = fc.string({ unit: fc.constantFrom(...`a\${} '`), maxLength: 12 });
  const evaluated = (text: string) => text.replaceAll(/\$\{\{ '(\$\{\{)' \}\}/g, '$1');
  fc.assert(
    fc.property(hostile, (text) => {
      assert.is(escapeFor(text, 'compose').replaceAll('$$', '$'), text);
      assert.is(evaluated(escapeFor(text, 'workflow')), text);
    }),
  );
});

test('a Dockerfile gives a text back by reading JSON, and no here-document begins', () => {
  const hostile = fc.string({ unit: fc.constantFrom(...'a<"\\$\' \n#'), maxLength: 12 });
  fc.assert(
    fc.property(hostile, (text) => {
      const written = escapeFor(text, 'dockerfile');
      assert.is(JSON.parse(written), text);
      assert.not.match(written, /<|\n/);
    }),
  );
});

test('put every tricky text in quotes, also where a reader of another library would take it for something else', () => {
  for (const text of trickyTexts.filter((one) => !/^a+$/.test(one))) {
    const [line = ''] = yamlFile([], { a: from('app.env.A', text) }).text.split('\n');
    assert.match(line, /^a: "/, JSON.stringify(text));
  }
  assert.match(yamlFile([], { a: '<<' }).text, /^a: /, 'the control: texts of the compiler itself are not');
});

test.run();
