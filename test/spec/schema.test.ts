/** The schemas: every key is described, defaults are filled in, and what is generated from them is up to date. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { reference, schemaJson, types } from '../../schema/generate.ts';
import { deref, type Schema, schemaAt, withDefaults } from '../../src/spec/schema.ts';
import { suite } from '../support/suite.ts';

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const schemas = ['deploy', 'host'].map((name) => JSON.parse(text(`schema/${name}.schema.json`)) as Schema);
const [deploy, host] = schemas as [Schema, Schema];
const test = suite('the schemas');

/** Every key with its schema, references followed; `[]` stands for an item of a list, `*` for a name of the user's choice. */
function keysOf(root: Schema, schema: Schema, prefix = ''): [string, Schema][] {
  const inner = (one: Schema | undefined, step: string): [string, Schema][] =>
    one ? keysOf(root, deref(root, one), `${prefix}${step}.`) : [];
  const named = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, raw]) => {
      const property = deref(root, raw);
      return [[`${prefix}${key}`, property] as [string, Schema], ...keysOf(root, property, `${prefix}${key}.`)];
    }),
    ...inner(schema.items, '[]'),
    ...inner(named, '*'),
  ];
}

/** What a key lacks of what people read about it. */
const undescribed = (root: Schema) =>
  keysOf(root, root).flatMap(([key, schema]) => {
    const scalar = schema.default !== undefined && !(schema.type === 'object' && schema.properties);
    const lacks = [
      schema.description ? '' : 'description',
      schema.type ? '' : 'type',
      schema.examples?.[0] === undefined && !(schema.properties && schema.type === 'object') ? 'example' : '',
      scalar && !schema['x-because'] ? 'reason of its default' : '',
      schema['x-releases'] && !schema['x-floor'] ? 'what the other releases lack' : '',
    ].filter(Boolean);
    return lacks.map((one) => `${key}: ${one}`);
  });

test('describe every key: type, meaning, an example, and why the default is what it is', () => {
  for (const schema of schemas) assert.equal(undescribed(schema), []);
  const control: Schema = {
    properties: {
      a: { type: 'string', description: 'A.' },
      b: { description: 'B.', examples: [1], items: { properties: { c: { type: 'string' } } } },
      d: { type: 'string', description: 'D.', examples: ['x'], default: 'x', 'x-releases': ['debian-13'] },
    },
  };
  assert.equal(
    undescribed(control),
    [
      'a: example',
      'b: type',
      'b.[].c: description',
      'b.[].c: example',
      'd: reason of its default',
      'd: what the other releases lack',
    ],
    'the control',
  );
});

/** Texts and lists without an end: they could fill a disk. */
const endless = (root: Schema) =>
  keysOf(root, root).flatMap(
    ([key, { type, enum: allowed, maxLength, pattern, maxItems, properties, additionalProperties, maxProperties }]) => {
      // A pattern without + or * ends by itself.
      const bounded =
        allowed || maxLength !== undefined || (pattern && !/(?<!\\)[+*]/.test(pattern.replaceAll(/\[[^\]]*\]/g, '')));
      if (type === 'string' && !bounded) return [key];
      if (type === 'array' && maxItems === undefined && !allowed) return [key];
      return type === 'object' && !properties && additionalProperties && maxProperties === undefined ? [key] : [];
    },
  );

test('refuse unknown keys in every section', () => {
  for (const schema of schemas) {
    const open = keysOf(schema, schema).filter(([, one]) => one.properties && one.additionalProperties !== false);
    assert.equal(
      open.map(([key]) => key),
      [],
    );
    assert.is(schema.additionalProperties, false);
  }
});

test('hold examples and defaults that they themselves allow', () => {
  for (const schema of schemas) {
    for (const [key, { pattern, enum: allowed, minimum, maximum, examples = [], default: given }] of keysOf(
      schema,
      schema,
    )) {
      for (const value of [...examples, ...(given === undefined ? [] : [given])]) {
        if (pattern) assert.ok(new RegExp(pattern, 'u').test(String(value)), `${key}: ${value}`);
        if (allowed) assert.ok(allowed.includes(value), `${key}: ${value}`);
        if (minimum !== undefined) assert.ok(Number(value) >= minimum && Number(value) <= maximum!, `${key}: ${value}`);
      }
    }
  }
});

test('bound every text, list and map', () => {
  const bare: Schema = { properties: { a: { type: 'string', pattern: '^a+$' }, b: { type: 'array' } } };
  assert.equal(endless(bare), ['a', 'b'], 'the control');
  assert.equal(
    endless(deploy).filter((key) => !/\.(methods)$/.test(key)),
    [],
  );
});

test('find the schema at a key path', () => {
  assert.is(schemaAt(deploy, ['proxy', 'timeouts', 'read'])?.default, '75s');
  assert.is(schemaAt(deploy, ['proxy', 'domains', 0])?.type, 'string');
  assert.equal(schemaAt(deploy, ['app', 'env', 'ANY'])?.type, ['string', 'number', 'boolean']);
  assert.is(schemaAt(deploy, ['proxy', 'colour']), undefined);
  assert.throws(() => deref(deploy, { $ref: '#/definitions/nothing' }), /no definition nothing/);
});

test('fill in what is left out, at every depth, and nothing else', () => {
  const given = { name: 'notes', app: { start: 'node a.js', health: { ready: '/up' } }, proxy: { domains: ['a.b'] } };
  const before = structuredClone(given);
  const filled = withDefaults(deploy, deploy, given) as Record<string, Record<string, unknown>>;
  assert.equal(filled.app?.health, { ready: '/up', live: '/healthz', timeout: '60s', steady: '5s' });
  assert.equal(filled.proxy?.timeouts, { connect: '5s', send: '30s', read: '75s', idle: '65s' });
  assert.is(filled.tls?.provider, 'letsencrypt');
  assert.is(filled.database, undefined, 'a section without a default stays out');
  assert.equal(given, before);
});

test('fill in the items of lists and of maps with names of the user', () => {
  const given = {
    app: { workers: { mail: { command: 'node a.js' } } },
    proxy: { redirects: [{ from: '/a', to: '/b' }] },
  };
  const filled = withDefaults(deploy, deploy, given) as {
    app: { workers: { mail: unknown } };
    proxy: { redirects: unknown[] };
  };
  assert.is((filled.app.workers.mail as { instances: number }).instances, 1);
  assert.equal(filled.proxy.redirects, [{ from: '/a', to: '/b', code: 308, keepPath: false }]);
});

test('give each document defaults of its own', () => {
  const one = withDefaults(deploy, deploy, { name: 'a', app: { start: 'x' } }) as {
    app: { env: Record<string, string> };
  };
  const two = withDefaults(deploy, deploy, { name: 'b', app: { start: 'x' } }) as typeof one;
  one.app.env.LEAK = 'yes';
  assert.equal(two.app.env, {});
  assert.equal((withDefaults(host, host, {}) as { roles: string[] }).roles, ['proxy', 'app', 'worker', 'database']);
});

test('have the generated types and reference page that follow from them', async () => {
  for (const name of ['deploy', 'host', 'plan'] as const)
    assert.is(text(`schema/${name}.schema.json`), schemaJson(name), 'run: npm run generate');
  assert.is(text('src/spec/types.ts'), await types(), 'run: npm run generate');
  assert.is(text('docs/reference.md'), reference(), 'run: npm run generate');
});

test.run();
