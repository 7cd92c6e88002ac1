/** Who applies, for the log of applies. */
import { userInfo } from 'node:os';
import * as assert from 'uvu/assert';
import { authorOf, userName } from '../../src/commands/author.ts';
import { suite } from '../support/suite.ts';

const test = suite('the author of an apply');

test('is a number where nobody knows the name, as in a container', () => {
  const unknown = () => {
    throw new Error('ENOENT: no such file or directory, uv_os_get_passwd');
  };
  assert.is(userName(unknown), `uid ${process.getuid?.()}`);
  assert.is(userName(), userInfo().username, 'the control');
});

test('is the account that started a run of GitHub Actions', async () => {
  const run = {
    GITHUB_ACTOR: 'somebody',
    GITHUB_RUN_ID: '7',
    GITHUB_SERVER_URL: 'https://h',
    GITHUB_REPOSITORY: 'a/b',
  };
  const author = await authorOf('/', run);
  assert.equal(author, { who: 'somebody (GitHub Actions)', commit: 'none', run: 'https://h/a/b/actions/runs/7' });
});

test.run();
