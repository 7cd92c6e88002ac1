/** Host certificates made by ssh-keygen, and what is refused about them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type Trust, verifyHostCertificate } from '../../src/transport/host-certificate.ts';
import { WireReader, wireString } from '../../src/transport/wire.ts';
import { ensureCommand } from '../support/packages.ts';
import { suite } from '../support/suite.ts';

const test = suite('host certificates');
const folder = mkdtempSync(join(tmpdir(), 'fairlead-certificates-'));
const at = (name: string) => join(folder, name);
const publicKey = (name: string) => readFileSync(at(`${name}.pub`), 'utf8').trim();
const plain = (key: string) => key.split(' ').slice(0, 2).join(' ');

const kinds: Record<string, string[]> = {
  ed25519: ['-t', 'ed25519'],
  p256: ['-t', 'ecdsa', '-b', '256'],
  p384: ['-t', 'ecdsa', '-b', '384'],
  p521: ['-t', 'ecdsa', '-b', '521'],
  rsa: ['-t', 'rsa', '-b', '2048'],
  'rsa-1024': ['-t', 'rsa', '-b', '1024'],
};

const NOW = Date.UTC(2030, 0, 1) / 1000;
const valid = ['-V', '20290101:20310101'];

const keygen = (...args: string[]) => execa('ssh-keygen', ['-q', ...args], { env: { TZ: 'UTC' } });

/** Signs the public key of `host` by `authority` and returns the certificate's blob. */
async function certify(authority: string, host: string, options: string[]): Promise<Buffer> {
  await keygen('-s', at(`ca-${authority}`), '-I', 'a host', ...options, at(`${host}.pub`));
  return Buffer.from(readFileSync(at(`${host}-cert.pub`), 'utf8').split(' ')[1]!, 'base64');
}

const trust = (more: Partial<Trust> = {}): Trust => ({
  authorities: [publicKey('ca-ed25519')],
  address: 'web-1.example.com',
  now: NOW,
  ...more,
});

const problem = (blob: Buffer, more: Partial<Trust> = {}): string => {
  const verdict = verifyHostCertificate(blob, trust(more));
  return 'problem' in verdict ? verdict.problem : `accepted: ${verdict.key}`;
};

let good: Buffer = Buffer.alloc(0);
const goodOptions = ['-h', '-n', 'web-1.example.com,192.0.2.1', ...valid];

test.before(async () => {
  await ensureCommand('ssh-keygen', ['openssh-client']);
  for (const [name, options] of Object.entries(kinds)) {
    await keygen(...options, '-N', '', '-f', at(`ca-${name}`));
    if (name !== 'rsa-1024') await keygen(...options, '-N', '', '-f', at(name));
  }
  good = await certify('ed25519', 'ed25519', goodOptions);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

for (const host of ['ed25519', 'p256', 'p384', 'p521', 'rsa']) {
  test(`a certificate of a ${host} key gives the plain key`, async () => {
    const verdict = verifyHostCertificate(await certify('ed25519', host, goodOptions), trust());
    assert.equal(verdict, { key: plain(publicKey(host)) });
  });
}

const signers: [string, string[]][] = [
  ['p256', []],
  ['p384', []],
  ['p521', []],
  ['rsa', ['-t', 'rsa-sha2-256']],
  ['rsa', ['-t', 'rsa-sha2-512']],
];

for (const [authority, options] of signers) {
  test(`the signature of a ${authority} authority counts ${options.join(' ')}`, async () => {
    const blob = await certify(authority, 'ed25519', [...options, ...goodOptions]);
    const more = { authorities: [publicKey(`ca-${authority}`)] };
    assert.equal(verifyHostCertificate(blob, trust(more)), { key: plain(publicKey('ed25519')) });
    // One bit of the nonce is enough.
    const changed = Buffer.from(blob);
    changed[45]! ^= 1;
    assert.is(problem(changed, more), 'its signature is wrong');
  });
}

test('any one of several authorities is enough', () => {
  assert.match(problem(good, { authorities: [publicKey('ca-rsa'), publicKey('ca-ed25519')] }), 'accepted');
});

test('an address counts as well as a name, and letters in any case', () => {
  assert.match(problem(good, { address: '192.0.2.1' }), 'accepted');
  assert.match(problem(good, { address: 'Web-1.Example.com' }), 'accepted');
});

const refusals: [string, string[], Partial<Trust>, RegExp][] = [
  ['expired', ['-h', '-n', 'web-1.example.com', '-V', '20280101:20290101'], {}, /^it expired at 2029-01-01T00:00:00/],
  [
    'not yet valid',
    ['-h', '-n', 'web-1.example.com', '-V', '20310101:20320101'],
    {},
    /^it is not valid before 2031-01-01/,
  ],
  [
    'of another principal',
    ['-h', '-n', 'web-2.example.com', ...valid],
    {},
    /^it is for web-2.example.com, not for web-1/,
  ],
  ['with a pattern as principal', ['-h', '-n', '*.example.com', ...valid], {}, /^it is for \*\.example\.com, not for/],
  ['without principals', ['-h', ...valid], {}, /^it names no host, but must name web-1.example.com$/],
  ['of a user', ['-n', 'web-1.example.com', ...valid], {}, /^it is a certificate of a user, not of a host$/],
  [
    'of another authority',
    goodOptions,
    { authorities: [] },
    /^it is signed by an authority that host.yaml does not name$/,
  ],
  ['with a critical option', ['-O', 'critical:new@example.com', ...goodOptions], {}, /^it has a critical option/],
];

for (const [what, options, more, expected] of refusals) {
  test(`a certificate ${what} is refused`, async () => {
    assert.match(problem(await certify('ed25519', 'ed25519', options), more), expected);
  });
}

test('the second before it begins and the second in which it ends are outside of its time', () => {
  const [from, until] = [Date.UTC(2029, 0, 1) / 1000, Date.UTC(2031, 0, 1) / 1000];
  assert.match(problem(good, { now: from - 1 }), 'not valid before');
  assert.match(problem(good, { now: from }), 'accepted');
  assert.match(problem(good, { now: until - 1 }), 'accepted');
  assert.match(problem(good, { now: until }), 'expired');
});

test('a certificate without an end is valid', async () => {
  const blob = await certify('ed25519', 'ed25519', ['-h', '-n', 'web-1.example.com', '-V', 'always:forever']);
  assert.match(problem(blob), 'accepted');
});

test('SHA-1 and short RSA keys sign nothing', async () => {
  const short = await certify('rsa-1024', 'ed25519', goodOptions).catch(() => undefined);
  // Newer versions of ssh-keygen refuse to sign with such a key.
  if (short) assert.is(problem(short, { authorities: [publicKey('ca-rsa-1024')] }), 'its signature is wrong');
  const blob = await certify('rsa', 'ed25519', ['-t', 'rsa-sha2-512', ...goodOptions]);
  const renamed = withSignature(blob, (_, value) => Buffer.concat([wireString('ssh-rsa'), wireString(value)]));
  const same = withSignature(blob, (name, value) => Buffer.concat([wireString(name), wireString(value)]));
  const more = { authorities: [publicKey('ca-rsa')] };
  assert.match(problem(same, more), 'accepted', 'the control');
  assert.is(problem(renamed, more), 'its signature is wrong');
});

/** A certificate with another signature, which is the last string of it. */
function withSignature(blob: Buffer, make: (name: string, value: Buffer) => Buffer): Buffer {
  const reader = new WireReader(blob);
  for (let index = 0; index < 3; index += 1) reader.string();
  reader.take(12);
  for (let index = 0; index < 2; index += 1) reader.string();
  reader.take(16);
  for (let index = 0; index < 4; index += 1) reader.string();
  const body = blob.subarray(0, reader.at);
  const signature = new WireReader(reader.string());
  return Buffer.concat([body, wireString(make(signature.text(), signature.string()))]);
}

test('nothing is accepted that is cut, longer, or changed in any bit', () => {
  for (let length = 0; length < good.length; length += 1)
    assert.not.match(problem(good.subarray(0, length)), 'accepted', `${length} bytes`);
  assert.match(problem(Buffer.concat([good, Buffer.alloc(1)])), 'something follows the signature');
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const changed = Buffer.from(good);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.not.match(problem(changed), 'accepted', `bit ${bit}`);
  }
  assert.match(problem(good), 'accepted', 'the control');
});

test('a plain key is no certificate', () => {
  const key = Buffer.from(publicKey('ed25519').split(' ')[1]!, 'base64');
  assert.match(problem(key), 'ssh-ed25519 is no kind of certificate known here');
});

test.run();
