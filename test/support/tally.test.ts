import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from './suite.ts';
import { sentence, sum, tallyOf } from './tally.ts';

const cases = [
  {
    name: 'what was recorded',
    recorded: 'passed failed skipped passed',
    exitCode: 1,
    says: '2 passed, 1 failed, 1 skipped',
  },
  { name: 'a process that ends well', recorded: 'passed', exitCode: 0, says: '1 passed, 0 failed, 0 skipped' },
  {
    name: 'a process that ends badly and says nothing',
    recorded: 'passed',
    exitCode: 1,
    says: '1 passed, 1 failed, 0 skipped',
  },
  { name: 'a process that ran no test', recorded: '', exitCode: 0, says: '0 passed, 1 failed, 0 skipped' },
  { name: 'a process that could not start', recorded: '', exitCode: 127, says: '0 passed, 1 failed, 0 skipped' },
];

const test = suite('tally');

for (const { name, recorded, exitCode, says } of cases) {
  test(`counts ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-tally-'));
    try {
      const file = join(folder, 'tally');
      if (recorded)
        writeFileSync(
          file,
          recorded
            .split(' ')
            .map((outcome) => `${outcome}\tsuite: test\n`)
            .join(''),
        );
      assert.is(sentence(tallyOf(file, exitCode)), says);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('adds up', () => {
  const one = { passed: 1, failed: 2, skipped: 3 };
  assert.equal(sum([one, one]), { passed: 2, failed: 4, skipped: 6 });
  assert.equal(sum([]), { passed: 0, failed: 0, skipped: 0 });
});

test.run();
