/** Rendering: values are escaped, and every line knows the keys that it follows from. */
import Handlebars from 'handlebars';
import * as assert from 'uvu/assert';
import { UnwritableValue } from '../../src/compile/escape.ts';
import { type Context, render } from '../../src/compile/render.ts';
import { from } from '../../src/compile/trace.ts';
import { manifest } from '../plan/manifests.ts';
import { suite } from '../support/suite.ts';

const test = suite('rendering');

function fill(text: string, context: Context, grammar: 'nginx' | 'environment-file' = 'nginx') {
  const precompiled = Handlebars.precompile(text, { noEscape: true, strict: true, knownHelpers: { when: true } });
  return render({ it: new Function(`return (${precompiled})`)() }, 'it', grammar, context);
}

const on = from('gzip', true);
const off = from('tls', false);
const size = from('size', '1m');

interface Case {
  readonly name: string;
  readonly template: string;
  readonly context: Context;
  readonly text: string;
  readonly lines: readonly (readonly string[])[];
}

const cases: readonly Case[] = [
  {
    name: 'a value marks its line',
    template: 'a\nb {{size}};\nc',
    context: { size },
    text: 'a\nb 1m;\nc',
    lines: [[], ['size'], []],
  },
  {
    name: 'two values of a line both mark it',
    template: '{{a}} {{b}}',
    context: { a: size, b: from('other', 2) },
    text: '1m 2',
    lines: [['size', 'other']],
  },
  {
    name: 'a key is named once a line',
    template: '{{a}} {{a}}',
    context: { a: size },
    text: '1m 1m',
    lines: [['size']],
  },
  {
    name: 'a block marks its lines and not the one after',
    template: 'a\n{{#when on}}\nb\nc\n{{/when}}\nd\n',
    context: { on },
    text: 'a\nb\nc\nd\n',
    lines: [[], ['gzip'], ['gzip'], [], []],
  },
  {
    name: 'a block whose last line is empty ends before the next',
    template: '{{#when on}}\nb\n\n{{/when}}\nd {{size}}',
    context: { on, size },
    text: 'b\n\nd 1m',
    lines: [['gzip'], ['gzip'], ['size']],
  },
  {
    name: 'a block that is off leaves no line',
    template: 'a\n{{#when off}}\nb {{size}}\n{{/when}}\nd',
    context: { off, size },
    text: 'a\nd',
    lines: [[], []],
  },
  {
    name: 'a block inside a block carries both keys',
    template: '{{#when on}}\na\n{{#when more}}\nb\n{{/when}}\nc\n{{/when}}\nd',
    context: { on, more: from('more', true) },
    text: 'a\nb\nc\nd',
    lines: [['gzip'], ['gzip', 'more'], ['gzip'], []],
  },
  {
    name: 'two blocks in a row keep apart',
    template: '{{#when on}}\na\n{{/when}}\n{{#when more}}\nb\n{{/when}}\nc',
    context: { on, more: from('more', true) },
    text: 'a\nb\nc',
    lines: [['gzip'], ['more'], []],
  },
  {
    name: 'a value inside a block does not lend its key to the rest of it',
    template: '{{#when on}}\na {{size}}\nb\n{{/when}}\nc',
    context: { on, size },
    text: 'a 1m\nb\nc',
    lines: [['gzip', 'size'], ['gzip'], []],
  },
  {
    name: 'a block within a line ends there',
    template: 'a{{#when on}} b{{/when}} c\nd',
    context: { on },
    text: 'a b c\nd',
    lines: [['gzip'], []],
  },
  {
    name: 'a list marks each entry',
    template: '{{#each list}}\nx {{this}};\n{{/each}}\ny',
    context: { list: [from('l.0', 'a'), from('l.1', 'b')] },
    text: 'x a;\nx b;\ny',
    lines: [['l.0'], ['l.1'], []],
  },
];

for (const { name, template, context, text, lines } of cases) {
  test(name, () => assert.equal(fill(template, context), { text, lines }));
}

test('a value is escaped and never read as a template or as a trace', () => {
  assert.is(fill('a {{v}};', { v: from('v', '{{size}}; #"') }).text, 'a "{{size}}; #\\"";');
  assert.is(fill('A={{v}}', { v: from('v', '$(id)\nB=1') }, 'environment-file').text, 'A="\\$(id)\nB=1"');
  assert.throws(
    () => fill('{{v}}', { v: from('v', '$host') }),
    (error: unknown) => error instanceof UnwritableValue,
  );
  for (const mark of ['\u{F0000}', '\u{F0001}', '\u{F0002}'])
    assert.throws(() => fill('{{v}}', { v: from('v', `a${mark}b`) }), /reserved for tracing/);
});

test('a value of its own grammar is written in that one', () => {
  assert.throws(() => fill('{{v}}', { v: from('v', 'a-b', 'identifier') }), /not a name/);
  assert.is(fill('{{v}}', { v: from('v', 'a-b') }).text, 'a-b', 'the control');
});

test('a value that a template does not get is a fault, and so is an unknown template', () => {
  assert.throws(() => fill('{{nothing}}', {}), /nothing/);
  assert.throws(() => render({}, 'nginx/none', 'nginx', {}), /no template nginx\/none/);
});

test('a template sees nothing of the prototype of what it gets', () => {
  assert.throws(() => fill('{{constructor.name}}', { a: size }));
});

test('the compiled site names the key of each line that has one', () => {
  const site = manifest().resources.find(({ id }) => id.startsWith('file:/etc/nginx/'));
  const { content, lines } = site as unknown as { content: string; lines: readonly (readonly string[])[] };
  const keysOf = (line: string) => lines[content.split('\n').findIndex((text) => text.includes(line))];
  assert.is(lines.length, content.split('\n').length);
  assert.equal(keysOf('client_max_body_size'), ['proxy.bodyLimit']);
  assert.equal(keysOf('gzip_types'), ['proxy.gzip']);
  assert.equal(keysOf('# A level that sets'), [], 'the line after the block');
  assert.equal(keysOf('proxy_read_timeout'), ['proxy.timeouts.read']);
});

test.run();
