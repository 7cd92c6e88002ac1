/** The encrypted file: what goes in comes out, for those who may read it and for nobody else. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { decrypt, encrypt, makeIdentity } from '../../src/secrets/age.ts';
import { mapText, readMap, readSecretsFile, type SecretMap, writeSecretsFile } from '../../src/secrets/secrets-file.ts';
import { suite } from '../support/suite.ts';
import { scratch } from './project.ts';

const test = suite('the secrets file');
const { folder, remove } = scratch();
const [anna, berta] = [await makeIdentity(), await makeIdentity()];

test.after(remove);

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('it was done'),
    (thrown: Error) => thrown,
  );
  return error instanceof DiagnosticsError ? (error.diagnostics[0]?.code ?? '') : `no diagnostic: ${error.message}`;
}

const fileOf = (recipients: readonly string[], identity: string) => ({
  folder,
  settings: { path: 'secrets.age', recipients: [...recipients], identityFile: '~/none' },
  environment: { AGE_IDENTITY: identity },
});

const hostile: SecretMap = {
  LINES: '-----BEGIN KEY-----\nabc\n-----END KEY-----',
  QUOTES: `"'\\ $HOME \`id\` #{x} {{y}} %n`,
  NUMBER: '0123',
  BOOLEAN: 'no',
  ALIAS: '*anchor',
  SPACES: '  around  ',
  UNICODE: 'pässwörd – 漢字',
};

test('gives back what was put in, whatever it looks like', async () => {
  const file = fileOf([anna.recipient], anna.identity);
  await writeSecretsFile(file, hostile);
  assert.equal(await readSecretsFile(file), hostile);
  const armored = readFileSync(join(folder, 'secrets.age'), 'utf8');
  assert.match(armored, /^-----BEGIN AGE ENCRYPTED FILE-----\n[\s\S]*-----END AGE ENCRYPTED FILE-----\n$/);
  // Two letters would be found in any text that is as long.
  for (const value of Object.values(hostile).filter(({ length }) => length > 4)) assert.not.match(armored, value);
  assert.equal(readdirSync(folder), ['secrets.age'], 'nothing is left beside it');
});

test('opens for each of its recipients, and after a change of them only for the new ones', async () => {
  await writeSecretsFile(fileOf([anna.recipient, berta.recipient], anna.identity), { A: 'one' });
  assert.equal(await readSecretsFile(fileOf([], berta.identity)), { A: 'one' });
  await writeSecretsFile(fileOf([berta.recipient], ''), { A: 'one' });
  assert.equal(await readSecretsFile(fileOf([], berta.identity)), { A: 'one' }, 'the control');
  assert.is(await codeOf(readSecretsFile(fileOf([], anna.identity))), 'secrets.not-a-recipient');
});

test('is refused when it was tampered with, cut off, or is none', async () => {
  const file = fileOf([anna.recipient], anna.identity);
  await writeSecretsFile(file, { A: 'one' });
  const path = join(folder, 'secrets.age');
  const armored = readFileSync(path, 'utf8');
  const lines = armored.split('\n');
  const flipped = lines.map((line, i) =>
    i === lines.length - 4 ? line.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) : line,
  );
  for (const damaged of [flipped.join('\n'), armored.slice(0, 120), 'A: one\n', '']) {
    writeFileSync(path, damaged);
    assert.is(await codeOf(readSecretsFile(file)), 'secrets.damaged');
  }
  writeFileSync(path, armored);
  assert.equal(await readSecretsFile(file), { A: 'one' }, 'the control');
});

test('is not written for a recipient that was mistyped, and stays as it was', async () => {
  await writeSecretsFile(fileOf([anna.recipient], ''), { A: 'one' });
  const mistyped = anna.recipient.replace(/.$/, (c) => (c === 'q' ? 'p' : 'q'));
  assert.is(await codeOf(writeSecretsFile(fileOf([mistyped], ''), { A: 'two' })), 'secrets.recipient');
  assert.equal(await readSecretsFile(fileOf([], anna.identity)), { A: 'one' });
});

test('says what is wrong with an identity', async () => {
  const armored = await encrypt('A: one\n', [anna.recipient]);
  assert.is(await codeOf(decrypt(armored, ['AGE-SECRET-KEY-1DAMAGED'], 'secrets.age')), 'secrets.identity');
  assert.is(await codeOf(readSecretsFile(fileOf([], ''))), 'secrets.no-identity');
});

const texts: readonly (readonly [string, string, SecretMap | string])[] = [
  ['nothing', '', {}],
  ['a comment alone', '# none\n', {}],
  ['numbers and words as text', 'PIN: 0123\nFLAG: yes\nNONE: null\n', { PIN: '0123', FLAG: 'yes', NONE: 'null' }],
  ['JSON', '{ "A": "one" }', { A: 'one' }],
  ['a list', '- A\n', 'write each secret as "NAME: value"'],
  ['a name in lower case', 'A: one\nb: marker\n', 'line 2 does not begin with the name of a secret'],
  ['an empty value', 'A:\n', 'line 1: A has no value'],
  ['a map for a value', 'A:\n  b: marker\n', 'line 1: A has no value'],
  ['a name twice', 'A: one\nA: marker\n', 'line 2 is not valid YAML (DUPLICATE_KEY)'],
  ['a value that names what is not there', 'A: *marker\n', 'line 1: A has no value'],
  ['an open quote', 'A: "marker\n', 'is not valid YAML'],
];

for (const [name, text, expected] of texts) {
  test(`reads ${name}`, () => {
    const read = readMap(text);
    if (typeof expected !== 'string') return assert.equal(read, { values: expected });
    const problem = 'problem' in read ? read.problem : 'it was read';
    assert.match(problem, expected);
    assert.not.match(problem, 'marker');
  });
}

test('has one text for one content', () => {
  assert.is(mapText({ B: '2', A: '1' }), mapText({ A: '1', B: '2' }));
});

test.run();
