/** From a reference to a value, by every source; and what people are told when there is none. */
import { chmodSync } from 'node:fs';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { makeIdentity } from '../../src/secrets/age.ts';
import { DigestKey } from '../../src/secrets/digest-key.ts';
import { fetchSecrets, pinsOf } from '../../src/secrets/fetch.ts';
import { writeSecretsFile } from '../../src/secrets/secrets-file.ts';
import { suite } from '../support/suite.ts';
import { composed, deployText, manifestWith, scratch, secret, specIn } from './project.ts';

const test = suite('fetching secrets');
const { folder, remove, put } = scratch();
const { identity, recipient } = await makeIdentity();
const names = ['BY_ENV', 'BY_VARIABLE', 'BY_FILE', 'BY_COMMAND', 'BY_AGE'];
const environment = { ...process.env, BY_ENV: 'env-marker', OTHER: 'variable-marker', AGE_IDENTITY: identity };

test.before(async () => {
  execaSync('git', ['init', '--quiet'], { cwd: folder });
  put('.gitignore', '/.secrets/\n');
  put('.secrets/value', 'file-marker\n');
  put('.secrets/printer.js', "process.stdout.write('command-marker\\r\\n')");
  put(
    'deploy.yaml',
    deployText(
      [...names, 'MADE'],
      [
        `secretsFile: { recipients: [${recipient}] }`,
        'secrets:',
        '  BY_ENV: { from: env }',
        '  BY_VARIABLE: { from: env, variable: OTHER }',
        '  BY_FILE: { from: file, path: .secrets/value }',
        '  BY_COMMAND: { from: command, command: node .secrets/printer.js }',
        '  BY_AGE: { from: age }',
        '  MADE: { from: generated }',
      ],
    ),
  );
  const settings = specIn(folder).secretsFile;
  await writeSecretsFile({ folder, settings, environment }, { BY_AGE: 'age-marker' });
});
test.after(remove);

const needing = (...more: ReturnType<typeof composed>[]) =>
  manifestWith(...names.map((name) => secret(name)), secret('MADE', 32), ...more);
const fetch = (manifest = needing(), env: NodeJS.ProcessEnv = environment) =>
  fetchSecrets([manifest], specIn(folder), { folder, environment: env });

test('takes each from its source without the line break at its end, and leaves the host its own', async () => {
  const { values, problems } = await fetch();
  const read = [...values].map(([name, value]) => [name, Buffer.from(value.reveal()).toString()]);
  assert.equal(
    [...problems.values()].map(({ message }) => message),
    [],
  );
  assert.equal(Object.fromEntries(read), {
    BY_ENV: 'env-marker',
    BY_VARIABLE: 'variable-marker',
    BY_FILE: 'file-marker',
    BY_COMMAND: 'command-marker',
    BY_AGE: 'age-marker',
  });
});

test('says all that is missing at once, with the place in deploy.yaml and what to type', async () => {
  const { values, problems } = await fetch(needing(), { PATH: process.env.PATH, HOME: folder, BY_ENV: '' });
  assert.equal([...values.keys()].sort(), ['BY_COMMAND', 'BY_FILE']);
  const said = [...problems].map(
    ([name, { code, at, message, fix }]) => [name, code, at?.line, `${message} ${fix}`] as const,
  );
  assert.equal(
    said.map(([name, code, line]) => [name, code, line]),
    [
      ['BY_AGE', 'secrets.no-identity', 9],
      ['BY_ENV', 'secrets.unavailable', 5],
      ['BY_VARIABLE', 'secrets.unavailable', 6],
    ],
  );
  assert.match(said[1]?.[3] ?? '', 'the variable BY_ENV is empty');
  assert.match(said[2]?.[3] ?? '', 'the variable OTHER is not set set it: export OTHER=');
});

const problemWith = async (name: string, manifest = needing()) => {
  const { problems } = await fetch(manifest);
  return `${problems.get(name)?.message}; ${problems.get(name)?.fix}`;
};

test('refuses a file that everybody may read, that Git would commit, or that is missing', async () => {
  chmodSync(`${folder}/.secrets/value`, 0o644);
  assert.match(
    await problemWith('BY_FILE'),
    'everybody on this machine may read .secrets/value; chmod 600 .secrets/value',
  );
  chmodSync(`${folder}/.secrets/value`, 0o600);
  put('.gitignore', '\n');
  assert.match(await problemWith('BY_FILE'), 'Git does not ignore .secrets/value');
  put('.gitignore', '/.secrets/\n');
  execaSync('git', ['add', '--force', '.secrets/value'], { cwd: folder });
  assert.match(await problemWith('BY_FILE'), 'git rm --cached .secrets/value');
  execaSync('git', ['rm', '--quiet', '--cached', '.secrets/value'], { cwd: folder });
  assert.is(await problemWith('BY_FILE'), 'undefined; undefined', 'the control');
});

test('says how a command failed, and nothing of what it printed', async () => {
  put('.secrets/printer.js', "console.log('command-marker'); process.exit(3)");
  assert.match(await problemWith('BY_COMMAND'), 'its command (node …) failed with exit code 3');
  assert.not.match(await problemWith('BY_COMMAND'), 'marker');
  put('.secrets/printer.js', "process.stdout.write('command-marker\\n')");
});

const conf = '/etc/notes.conf';
const values: readonly (readonly [string, string, string])[] = [
  ['@@BY_ENV@@', 'plain-1_+/=.,:@~', 'undefined'],
  ['@@BY_ENV@@', 'two words', 'a character there that is none of letters'],
  ['@@BY_ENV@@', 'quote"', 'a character there that is none of letters'],
  ['@@BY_ENV@@', 'ünicode', 'a character there that is none of letters'],
  ['@@BY_ENV:crypt@@', 'two wörds "and" $more', 'undefined'],
  ['@@BY_ENV:crypt@@', 'two\nlines', 'it is a password'],
  ['@@BY_ENV:crypt@@', 'x'.repeat(501), 'it is a password'],
  ['nothing', 'two words\nand lines', 'undefined'],
  ['nothing', 'x'.repeat(70_000), 'it has more than 64 KiB'],
];

for (const [text, value, says] of values) {
  test(`holds ${JSON.stringify(value.slice(0, 24))} (${value.length}) against ${text}`, async () => {
    const manifest = needing(composed(conf, `${text}\n`, ['BY_ENV']));
    const { problems } = await fetch(manifest, { ...environment, BY_ENV: value });
    assert.match(`${problems.get('BY_ENV')?.message}`, says);
    assert.not.match(`${problems.get('BY_ENV')?.message}`, value);
  });
}

test('lets a plan know digests and reasons, and no values', async () => {
  const fetched = await fetch(needing(), { ...environment, OTHER: '' });
  const pins = pinsOf(fetched, DigestKey.random());
  assert.equal([...pins.keys()].sort(), [...names].sort());
  assert.ok('unchecked' in pins.get('BY_VARIABLE')!);
  const text = JSON.stringify([...pins, ...fetched.values, ...fetched.problems]);
  assert.not.match(text, /-marker/);
  assert.match(text, 'keyed:');
  assert.equal([...pinsOf(fetched, undefined).keys()], ['BY_VARIABLE'], 'without a key there are only reasons');
});

test.run();
