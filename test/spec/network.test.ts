/** Addresses and networks: what is one, where it begins, and which have an address in common. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { beginningOf, familyOf, networkOf, overlap } from '../../src/spec/network.ts';
import { suite } from '../support/suite.ts';

const test = suite('networks');

const networks = ['0.0.0.0/0', '192.0.2.7', '192.0.2.0/24', '255.255.255.255/32', '::', '::/0', '::1', '2001:db8::/32'];
const others = [
  '',
  '192.0.2',
  '192.0.2.256',
  '010.0.0.1',
  '1.2.3.4/33',
  '1.2.3.4/24/8',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
];

for (const text of networks) test(`take ${text}`, () => assert.ok(networkOf(text)));
for (const text of [...others, '1:2:3:4:5:6:7:8:9', '12345::', 'fe80::/129', '::1%eth0'])
  test(`refuse ${text === '' ? 'nothing' : text}`, () => assert.is(networkOf(text), undefined));

test('take the addresses that the system takes', () => {
  const any = fc
    .oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{2,20}$/))
    .filter((text) => !/:.*\./.test(text));
  fc.assert(fc.property(any, (text) => assert.is(networkOf(text)?.family ?? 0, isIP(text))));
});

const beginnings: readonly (readonly [string, string | undefined])[] = [
  ['10.0.0.0/24', undefined],
  ['10.0.0.7', undefined],
  ['10.0.0.5/24', '10.0.0.0/24'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['2001:db8::5/32', '2001:db8::/32'],
  ['::1/0', '::/0'],
  ['fd00::1:5/112', 'fd00:0:0:0:0:0:1::/112'],
];

for (const [text, beginning] of beginnings)
  test(`${text} ${beginning ? `begins at ${beginning}` : 'begins where it says'}`, () => {
    assert.is(beginningOf(text), beginning);
    if (beginning) assert.is(beginningOf(beginning), undefined);
  });

test('a network overlaps those that it holds and those that hold it', () => {
  assert.ok(overlap('10.0.0.0/8', '10.1.2.3'));
  assert.ok(overlap('10.1.2.3', '10.0.0.0/8'));
  assert.not(overlap('10.0.0.0/24', '10.0.1.0/24'));
  assert.not(overlap('0.0.0.0/0', '::/0'));
});

test('name the family as nft does', () => {
  assert.is(familyOf('10.0.0.0/24'), 'ip');
  assert.is(familyOf('::1'), 'ip6');
});

test.run();
