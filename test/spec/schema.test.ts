/** The schemas: every key is described, defaults are filled in, and what is generated from them is up to date. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { reference, types } from '../../schema/generate.ts';
import { deref, type Schema, schemaAt, withDefaults } from '../../src/spec/schema.ts';
import { suite } from '../support/suite.ts';

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const schemas = ['deploy', 'host'].map((name) => JSON.parse(text(`schema/${name}.schema.json`)) as Schema);
const [deploy, host] = schemas as [Schema, Schema];
const test = suite('the schemas');

/** Every key with its schema, references followed. */
function keysOf(root: Schema, schema: Schema, prefix = ''): [string, Schema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, raw]) => {
    const property = deref(root, raw);
    return [[`${prefix}${key}`, property] as [string, Schema], ...keysOf(root, property, `${prefix}${key}.`)];
  });
}

const undescribed = (root: Schema) =>
  keysOf(root, root).flatMap(([key, schema]) => {
    const example = schema.properties !== undefined || schema.examples?.[0] !== undefined;
    return schema.description && example ? [] : [key];
  });

test('describe every key, with an example unless it is a section', () => {
  for (const schema of schemas) assert.equal(undescribed(schema), []);
  const control = { properties: { a: { type: 'string', description: 'A.' }, b: { properties: {} } } };
  assert.equal(undescribed(control), ['a', 'b'], 'the control');
});

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
  assert.equal(filled.app?.health, { ready: '/up', timeout: '60s' });
  assert.equal(filled.proxy?.timeouts, { connect: '5s', send: '30s', read: '75s' });
  assert.equal(filled.tls, { provider: 'none' });
  assert.is(filled.database, undefined, 'a section without a default stays out');
  assert.equal(given, before);
});

test('give each document defaults of its own', () => {
  const one = withDefaults(deploy, deploy, { name: 'a', app: { start: 'x' } }) as {
    app: { env: Record<string, string> };
  };
  const two = withDefaults(deploy, deploy, { name: 'b', app: { start: 'x' } }) as typeof one;
  one.app.env.LEAK = 'yes';
  assert.equal(two.app.env, {});
  assert.equal((withDefaults(host, host, {}) as { roles: string[] }).roles, ['proxy', 'app', 'database']);
});

test('have the generated types and reference page that follow from them', async () => {
  assert.is(text('src/spec/types.ts'), await types(), 'run: npm run generate');
  assert.is(text('docs/reference.md'), reference(), 'run: npm run generate');
});

test.run();
