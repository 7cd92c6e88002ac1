/** Reading YAML: limits, refusals, and where each key stands, also after an environment was laid over the file. */
import * as assert from 'uvu/assert';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import type { KeyPath, Part } from '../../src/spec/document.ts';
import { MAX_BYTES, parse } from '../../src/spec/parse.ts';
import { suite } from '../support/suite.ts';

const test = suite('reading YAML');
const read = (text: string) => parse({ path: 'deploy.yaml', text });

const text = `name: notes
app:
  start: node a.js
  env: { A: one, B: two }
proxy:
  domains:
    - a.example
    - b.example
  port: 80
database:
environments:
  staging:
    proxy:
      domains: [s.example]
      gzip: false
    app:
      env:
        B: other
`;

const places: readonly (readonly [string, KeyPath, Part, string, boolean?])[] = [
  ['a value', ['name'], 'value', '1:7'],
  ['its key', ['name'], 'key', '1:1'],
  ['an entry of a flow map', ['app', 'env', 'B'], 'key', '4:18'],
  ['an entry of a list', ['proxy', 'domains', 1], 'value', '8:7'],
  ['an index as text', ['proxy', 'domains', '0'], 'value', '7:7'],
  ['an empty value', ['database'], 'value', '10:10'],
  ['the nearest ancestor of what is not there', ['proxy', 'timeouts', 'read'], 'key', '5:1'],
  ['the root for an unknown section', ['backups'], 'value', '1:1'],
  ['an index out of range', ['proxy', 'domains', 9], 'value', '6:3'],
  ['a list that an environment replaces', ['proxy', 'domains', 0], 'value', '14:17', true],
  ['a key that an environment adds', ['proxy', 'gzip'], 'value', '15:13', true],
  ['a key that an environment leaves alone', ['proxy', 'port'], 'value', '9:9', true],
  ['a value that an environment replaces deep down', ['app', 'env', 'B'], 'value', '18:12', true],
  ['its neighbour, which stays', ['app', 'env', 'A'], 'value', '4:13', true],
];

for (const [name, path, part, place, overlaid] of places) {
  test(`says where it stands: ${name}`, () => {
    const document = overlaid ? read(text).overlaid('staging') : read(text);
    const { file, line, column } = document.locate(path, part);
    assert.is(`${file} ${line}:${column}`, `deploy.yaml ${place}`);
  });
}

test('an environment merges maps key by key and replaces lists, and leaves the original as it was', () => {
  const base = read(text);
  const before = structuredClone(base.toPlain());
  const plain = base.overlaid('staging').toPlain() as Record<string, Record<string, unknown>>;
  assert.equal(plain.proxy, { domains: ['s.example'], port: 80, gzip: false });
  assert.equal(plain.app, { start: 'node a.js', env: { A: 'one', B: 'other' } });
  assert.equal(base.toPlain(), before);
  assert.is(base.overlaid('production'), base, 'an environment that the file does not name changes nothing');
});

test('a problem underlines the whole value', () => {
  const found = read(text).problem(['proxy', 'domains', 1], 'value', {
    severity: 'error',
    code: 'x',
    message: 'm',
    fix: 'f',
  });
  assert.is(found.frame?.[2], '> 8 |     - b.example');
  assert.is(found.frame?.[3], '    |       ^^^^^^^^^');
});

const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
`;
const refused: readonly (readonly [string, string, string, string?])[] = [
  ['a file of 5 MB', `# ${'x'.repeat(5 * 1024 * 1024)}`, 'yaml.too-large', '1:1'],
  ['letters that are more bytes than characters', `# ${'ä'.repeat(MAX_BYTES / 2)}`, 'yaml.too-large', '1:1'],
  ['an alias bomb', bomb, 'yaml.alias-limit', '1:1'],
  ['an alias of itself', 'a: &a [*a]\n', 'yaml.alias-limit'],
  ['an alias of nothing', 'name: *x\n', 'yaml.bad-alias', '1:7'],
  ['a tab', 'app:\n\tstart: x\n', 'yaml.tab-as-indent', '2:1'],
  ['a tab behind spaces', 'app:\n  \tstart: x\n', 'yaml.tab-as-indent', '2:3'],
  ['a key twice', 'name: a\nname: b\n', 'yaml.duplicate-key', '2:1'],
  ['a control character', 'name: "a\\eb"\n', 'yaml.control-character', '1:7'],
  ['a carriage return in a value', 'name: "a\\rb"\n', 'yaml.control-character', '1:7'],
  ['a custom tag', 'name: !js a\n', 'yaml.tag-resolve-failed', '1:7'],
  ['nothing', '', 'yaml.empty', '1:1'],
];

for (const [name, content, code, place] of refused) {
  test(`refuses ${name}`, () => {
    const started = performance.now();
    try {
      read(content);
    } catch (error) {
      const [first] = (error as DiagnosticsError).diagnostics;
      assert.instance(error, DiagnosticsError);
      assert.is(first?.code, code);
      if (place) assert.is(`${first?.at?.line}:${first?.at?.column}`, place);
      assert.ok(performance.now() - started < 1000, 'quickly');
      return;
    }
    assert.unreachable('it was read');
  });
}

test('reads what is just within the limits', () => {
  const most = 'name: a\n';
  assert.equal(read(`${most}#${'x'.repeat(MAX_BYTES - most.length - 1)}`).toPlain(), { name: 'a' });
  assert.equal(read('a: &a one\nb: *a\nc: *a\n').toPlain(), { a: 'one', b: 'one', c: 'one' });
  assert.equal(read('name: a\tb\n').toPlain(), { name: 'a\tb' }, 'a tab inside a value');
});

test('knows no types of YAML 1.1', () => {
  assert.equal(read('a: no\nb: 010\nc: 1:30\nd: 2026-11-22\n').toPlain(), {
    a: 'no',
    b: 10,
    c: '1:30',
    d: '2026-11-22',
  });
});

test('keeps a key named like a part of an object as a plain key', () => {
  const plain = read('__proto__:\n  polluted: yes\n').toPlain() as Record<string, unknown>;
  assert.equal(Object.keys(plain), ['__proto__']);
  assert.is(({} as Record<string, unknown>).polluted, undefined);
});

test.run();
