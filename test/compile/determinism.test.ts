/** The same files give the same bytes, whatever machine, language, time zone or folder they are compiled in. */
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { corpus } from './corpus.ts';

const program = fileURLToPath(new URL('corpus.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');
const test = suite('compiling on different machines');

/** Environments that programs are known to write differently in. Node.js takes its language from LC_ALL without a locale of the system. */
const machines: Readonly<Record<string, Record<string, string>>> = {
  'in Turkish, on an island at the date line': { LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Kiritimati', COLUMNS: '40' },
  'in German, in New Zealand': { LC_ALL: 'de_DE.UTF-8', TZ: 'Pacific/Auckland', HOME: '/nonexistent', USER: 'nobody' },
  'without a language, in UTC': { LC_ALL: 'C', TZ: 'UTC', FORCE_COLOR: '3' },
};

const run = (command: string[], env: Record<string, string>) =>
  execa(process.execPath, command, { cwd: tmpdir(), env: { PATH: process.env.PATH ?? '', ...env }, extendEnv: false });

for (const [where, env] of Object.entries(machines)) {
  test(`gives the same bytes ${where}`, async () => {
    const { stdout } = await run(['--import', tsx, program, 'print'], env);
    assert.is(stdout, corpus());
  });
}

test('the control: these environments do change what a program prints that is not careful', async () => {
  const careless = 'console.log(new Date(0).getHours(), new Intl.NumberFormat().format(1234.5), process.cwd())';
  const said = await Promise.all(Object.values(machines).map((env) => run(['--eval', careless], env)));
  assert.is(new Set(said.map(({ stdout }) => stdout)).size, said.length);
});

test('there is something to compile', () => {
  assert.ok(corpus().split('\n').length > 100);
});

test.run();
