/** Completion scripts: they name what there is, and their shells read them. */
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { completionScripts } from '../../src/report/completion.ts';
import { verbs } from '../../src/verbs.ts';
import { suite } from '../support/suite.ts';

const test = suite('completion');
const script = completionScripts.bash(verbs);

const completed = (...words: string[]) =>
  execaSync('bash', [
    '-c',
    `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fairlead; printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...words,
  ])
    .stdout.split('\n')
    .filter(Boolean);

test('of bash offers verbs, options and choices', () => {
  assert.equal(completed('fairlead', 'comp'), ['compile', 'completion']);
  assert.equal(completed('fairlead', 'validate', '--st'), ['--strict']);
  assert.equal(completed('fairlead', 'secrets', 're'), ['rekey']);
  assert.equal(completed('fairlead', 'nothing', ''), []);
});

test('of every shell knows every verb', () => {
  for (const make of Object.values(completionScripts)) for (const { name } of verbs) assert.match(make(verbs), name);
});

test.run();
