/** A value does not print itself, and its digest is the same here as on a host. */
import { inspect } from 'node:util';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { sha256 } from '../../src/plan/digest.ts';
import { DigestKey } from '../../src/secrets/digest-key.ts';
import { SecretValue } from '../../src/secrets/value.ts';
import { suite } from '../support/suite.ts';

const test = suite('a value of a secret');
const bytes = Buffer.from('marker-value');
const value = new SecretValue('TOKEN', bytes);

/** Every usual way to turn something into text. */
const printed = (one: unknown): string =>
  [
    String(one),
    `${one}`,
    JSON.stringify({ one }),
    inspect(one, { depth: 9, showHidden: true }),
    inspect({ nested: [one] }, { showHidden: true }),
    JSON.stringify(Object.entries(one as object)),
    ['', one].join(''),
  ].join('\n');

test('prints its name whatever is done with it, and gives itself away only when asked', () => {
  assert.not.match(printed(value), 'marker-value');
  assert.match(printed(value), '[secret TOKEN]');
  assert.match(printed({ toString: () => 'marker-value' }), 'marker-value', 'the control');
  assert.is(Buffer.from(value.reveal()).toString(), 'marker-value');
});

test('is told from others by a digest that only the key makes', () => {
  const [one, two] = [DigestKey.random(), DigestKey.random()];
  assert.match(one.digest(bytes), /^keyed:[0-9a-f]{32}$/);
  assert.is(one.digest(bytes), one.digest(Buffer.from('marker-value')));
  assert.is.not(one.digest(bytes), one.digest(Buffer.from('marker-valuf')));
  assert.is.not(one.digest(bytes), two.digest(bytes));
  assert.not.match(one.digest(bytes), sha256(bytes).slice(0, 32));
});

test('has a key that is read back as it was written, and not printed either', () => {
  const key = DigestKey.random();
  const text = Buffer.from(key.reveal()).toString();
  assert.is(DigestKey.parse(text)?.digest(bytes), key.digest(bytes));
  for (const half of text.trim().split('\n')) assert.not.match(printed(key), half);
  for (const damaged of ['', 'x', text.trimEnd(), text.slice(1), `${text}\n`])
    assert.is(DigestKey.parse(damaged), undefined);
});

test('has the digest that a shell makes of it, also of bytes that are no text', () => {
  const key = DigestKey.random();
  const script = `read -r inner; read -r outer
    digest=$(sha256sum | cut -c 1-64)
    digest=$(printf '%s%s' "$inner" "$digest" | sha256sum | cut -c 1-64)
    printf '%s%s' "$outer" "$digest" | sha256sum | cut -c 1-32`;
  for (const content of [bytes, Buffer.from(''), Buffer.from([0, 255, 10, 10, 37])]) {
    const input = Buffer.concat([key.reveal(), content]);
    assert.is(`keyed:${execaSync('sh', ['-c', script], { input }).stdout}`, key.digest(content));
  }
});

test.run();
