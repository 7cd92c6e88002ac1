/** Plans as comments on pull requests: what they say, and that no text in them is taken for markup. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { Diagnostic } from '../../src/diagnostic.ts';
import type { Plan } from '../../src/plan/change.ts';
import { escapeMarkdown, fenced, type MarkdownInput, planMarkdown } from '../../src/report/plan-markdown.ts';
import { compareGoldens } from '../support/golden.ts';
import { suite } from '../support/suite.ts';
import { base, change, hashed, plans } from './plans.ts';

const test = suite('plans in Markdown');
const here = dirname(fileURLToPath(import.meta.url));

const diagnostic: Diagnostic = {
  severity: 'error',
  code: 'probe.failed',
  subject: 'web-9',
  message: 'the state of web-9 could not be read',
  fix: 'look at the host',
};
const exit = 'Exit code 2: an apply would change something.';
const written = (some: readonly Plan[], more: Partial<MarkdownInput> = {}) =>
  planMarkdown({ environment: 'production', plans: some.map(hashed), diagnostics: [], exit, drift: false, ...more });

test('read as the files beside this one', () => {
  const one = Object.entries(plans).map(([name, plan]) => [`plan of ${name}`, written([plan])] as const);
  const several = Object.values(plans).map((plan, index) => ({ ...plan, host: `web-${index + 1}` }));
  const all = [
    ...one,
    ['plan of several hosts', written(several, { diagnostics: [diagnostic] })] as const,
    ['drift', written([plans['one of each']!], { drift: true, exit: 'Exit code 1: something.' })] as const,
  ];
  const goldens = new Map(all.map(([name, text]) => [join('markdown', `${name.replaceAll(' ', '-')}.md`), text]));
  compareGoldens(here, goldens, (path) => path.endsWith('.md'));
});

/** Characters that Markdown, HTML or GitHub give a meaning to. */
const markup = /[`*_{}[\]<>#+!|~@$\\"=^:]|&(?!#\d+;)/;

test('show any text as it is', () => {
  const hostile =
    '</details> **b** _i_ `c` [l](http://x) <img src=x onerror=1> | a \\ @someone #12 ![i](u) ~~s~~ &lt; $x$';
  const escaped = escapeMarkdown(hostile);
  assert.not.match(escaped.replaceAll(/&#\d+;/g, ''), markup);
  assert.match(hostile, markup, 'the control');
  const read = escaped
    .replaceAll('&#8203;', '')
    .replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)));
  assert.is(read, hostile);
  assert.match(escapeMarkdown('@someone'), '&#64;&#8203;someone');
  assert.is(escapeMarkdown('a\u202eb\nc'), 'a·b·c');
});

const hostileChange = (value: string) =>
  change(`file:/etc/${value}`, {
    action: 'update',
    class: 'drift',
    reason: `could not ${value}`,
    causes: [{ key: value, file: 'deploy.yaml', line: 1, column: 1 }],
    attributes: [{ name: 'target', before: value, after: 'x' }],
    text: { before: `${value}\n`, after: `x\n`, lineKeys: [] },
  });

test('keep what hosts say out of the structure', () => {
  const value = '`````\n</details>\n<script>\n| a | b |\n# heading';
  const lines = written([{ ...base, changes: [hostileChange(value)], steps: [] }]).split('\n');
  const outside: string[] = [];
  let fence = '';
  for (const line of lines) {
    const marks = line.match(/^`{3,}/)?.[0] ?? '';
    if (fence === '' && marks) fence = marks;
    else if (fence !== '' && line === fence) fence = '';
    else if (fence === '') outside.push(line);
  }
  assert.is(fence, '', 'every fence is closed');
  assert.equal(
    outside
      .map((line) => line.replace(/^<details><summary>(.*)<\/summary>$/, '$1').replaceAll(/&#\d+;/g, ''))
      .filter((line) => /script|heading/.test(line) && /[<#]/.test(line)),
    [],
  );
  assert.is(outside.filter((line) => line === '</details>').length, 1);
});

test('a fence is longer than any in it', () => {
  assert.equal(fenced(['a'], 'diff'), ['```diff', 'a', '```']);
  assert.equal(fenced(['````', 'x ``````'], ''), ['```````', '````', 'x ``````', '```````']);
});

test('fit a comment, and say what was left out', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => hostileChange(`${'<long> '.repeat(20)}${i}`));
  for (const [hosts, count] of [
    [1, 2000],
    [50, 100],
    [900, 1],
  ] as const) {
    const some = Array.from({ length: hosts }, (_, i) => ({ ...base, host: `web-${i}`, changes: many(count) }));
    const text = written(some, { diagnostics: Array.from({ length: count }, () => diagnostic) });
    assert.ok(text.length <= 60_000, `${text.length}`);
    assert.match(text, /Left out, because a comment has no room for more: .*\d+ (rows?|differences)/);
    assert.ok(text.endsWith('Exit code 2&#58; an apply would change something.\n'));
  }
  assert.not.match(written([plans['one of each']!]), 'Left out', 'the control');
});

test('hold no keyed digest of a secret', () => {
  assert.not.match(written([plans['one of each']!]), 'keyed');
});

test.run();
