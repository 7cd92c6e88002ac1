/** npm run secrets: the encrypted file is made, edited and given to others, and nothing of it is printed. */
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as assert from 'uvu/assert';
import { type SecretsAction, secrets } from '../../src/commands/secrets.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { makeIdentity } from '../../src/secrets/age.ts';
import { readSecretsFile } from '../../src/secrets/secrets-file.ts';
import { suite } from '../support/suite.ts';
import { deployText, scratch, specIn } from './project.ts';

const test = suite('npm run secrets');
const { folder, remove, put } = scratch();
const identityFile = 'identity.txt';
let printed = '';

test.after(remove);

/** Runs one action in the project and returns what it printed, or the code of what it refused with. */
async function run(
  action: SecretsAction,
  name?: string,
  input = '',
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  let said = '';
  const output = {
    write: (text: string) => {
      said += text;
    },
  };
  const terminal = { out: output, err: output, environment: { PATH: process.env.PATH, ...environment } };
  const pipe = Readable.from([Buffer.from(input)]) as unknown as NodeJS.ReadStream;
  try {
    await secrets({ file: join(folder, 'deploy.yaml') }, terminal, action, name, pipe);
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    said += error.diagnostics.map(({ code }) => code).join();
    printed += error.message;
  }
  printed += said;
  return said;
}

function project(recipients: readonly string[]): void {
  put(
    'deploy.yaml',
    deployText(
      ['ONE', 'TWO', 'BY_ENV'],
      [
        `secretsFile: { identityFile: ${identityFile}, recipients: [${recipients.join(', ')}] }`,
        'secrets: { ONE: { from: age, description: The first. }, TWO: { from: age }, BY_ENV: { from: env } }',
      ],
    ),
  );
}

const held = () => readSecretsFile({ folder, settings: specIn(folder).secretsFile, environment: {} });
const editor = (body: string) => {
  put(
    'editor.mjs',
    `import { readFileSync, statSync, writeFileSync } from 'node:fs';\nconst file = process.argv[2];\n${body}\n`,
  );
  return { EDITOR: `${process.execPath} ${join(folder, 'editor.mjs')}` };
};
const inMemory = () => readdirSync('/dev/shm').filter((name) => name.startsWith('fairlead-secrets-'));

test('keygen makes a key that only its owner reads, before the file is valid, and never a second one', async () => {
  project([]);
  const said = await run('keygen');
  const [, recipient = ''] = said.match(/- (age1[0-9a-z]{58})\n/) ?? [];
  assert.is(statSync(join(folder, identityFile)).mode & 0o777, 0o600);
  const key = readFileSync(join(folder, identityFile), 'utf8').match(/AGE-SECRET-KEY-1\w+/)?.[0] ?? 'none';
  assert.not.match(said, key);
  assert.is(await run('keygen'), 'secrets.identity-exists');
  assert.match(readFileSync(join(folder, identityFile), 'utf8'), key);
  project([recipient]);
});

test('set puts values in, from a pipe and without its line break, and leaves the others', async () => {
  assert.match(await run('set', 'ONE', 'marker-one\n'), 'ONE is set in secrets.age');
  await run('set', 'TWO', 'marker two\nwith lines\n');
  await run('set', 'ONE', 'marker-new');
  assert.equal(await held(), { ONE: 'marker-new', TWO: 'marker two\nwith lines' });
  assert.match(
    await run('set', 'LATER', 'marker-later'),
    'add to the section secrets of deploy.yaml: "LATER: { from: age }"',
  );
});

test('set refuses what makes no sense, and changes nothing', async () => {
  const before = readFileSync(join(folder, 'secrets.age'), 'utf8');
  assert.is(await run('set', undefined, 'x'), 'secrets.name');
  assert.is(await run('set', 'lower', 'x'), 'secrets.name');
  assert.is(await run('set', 'BY_ENV', 'x'), 'secrets.name');
  assert.is(await run('set', 'ONE', '\n'), 'secrets.no-value');
  assert.is(readFileSync(join(folder, 'secrets.age'), 'utf8'), before);
});

test('edit shows the content to an editor, takes what it wrote, and leaves no trace', async () => {
  const environment = editor(`
    if ((statSync(file).mode & 0o077) !== 0) process.exit(9);
    writeFileSync(file, readFileSync(file, 'utf8').replace('marker-new', 'marker-edited').replace(/^LATER.*\\n/m, ''));
  `);
  assert.match(await run('edit', undefined, '', environment), 'secrets.age now holds ONE, TWO');
  assert.equal(await held(), { ONE: 'marker-edited', TWO: 'marker two\nwith lines' });
  assert.equal(inMemory(), []);
});

test('edit asks again about what it cannot take, and gives up when nothing changes any more', async () => {
  put('rounds', '');
  const again = editor(`
    writeFileSync(${JSON.stringify(join(folder, 'rounds'))}, readFileSync(file, 'utf8').split('\\n')[0]);
    if (readFileSync(file, 'utf8').includes('Correct it')) writeFileSync(file, 'ONE: marker-again\\n');
    else writeFileSync(file, 'ONE: "marker-open\\n');
  `);
  await run('edit', undefined, '', again);
  assert.match(readFileSync(join(folder, 'rounds'), 'utf8'), '# line 2 is not valid YAML');
  assert.equal(await held(), { ONE: 'marker-again' });
  const stubborn = editor(
    `if (!readFileSync(file, 'utf8').includes('Correct it')) writeFileSync(file, 'one: marker');`,
  );
  assert.match(await run('edit', undefined, '', stubborn), 'nothing was changed');
  assert.match(await run('edit', undefined, '', editor('')), 'nothing was changed');
  assert.is(await run('edit', undefined, '', editor('process.exit(3);')), 'secrets.editor');
  assert.is(await run('edit', undefined, '', { EDITOR: join(folder, 'missing') }), 'secrets.editor');
  assert.equal(await held(), { ONE: 'marker-again' });
  assert.equal(inMemory(), []);
});

test('rekey lets a new recipient read, and one that left no more', async () => {
  const { identity, recipient } = await makeIdentity();
  const mine = specIn(folder).secretsFile.recipients[0] ?? '';
  const theirs = { folder, settings: specIn(folder).secretsFile, environment: { AGE_IDENTITY: identity } };
  assert.is(await run('set', 'ONE', 'x', { AGE_IDENTITY: identity }), 'secrets.not-a-recipient');
  project([mine, recipient]);
  assert.match(await run('rekey'), 'secrets.age can now be read by 2 recipients');
  assert.equal(await readSecretsFile(theirs), { ONE: 'marker-again' });
  project([recipient]);
  await run('rekey');
  assert.is(await run('rekey'), 'secrets.not-a-recipient');
  assert.equal(await readSecretsFile(theirs), { ONE: 'marker-again' });
});

test('list says where each comes from and what uses it', async () => {
  const lines = (await run('list')).split('\n');
  assert.match(lines[0] ?? '', /ONE +age +app\.secrets\.0 +The first\./);
  assert.match(lines[2] ?? '', /BY_ENV +env +app\.secrets\.2/);
});

test('an identity that others may read is refused', async () => {
  chmodSync(join(folder, identityFile), 0o644);
  assert.is(await run('rekey'), 'secrets.identity-mode');
  chmodSync(join(folder, identityFile), 0o600);
  assert.is(await run('rekey'), 'secrets.not-a-recipient', 'the control');
});

test('nothing of all this printed a value or a key', () => {
  assert.not.match(printed, /marker|AGE-SECRET-KEY/);
  assert.match(printed, 'secrets.age', 'the control');
});

test.run();
