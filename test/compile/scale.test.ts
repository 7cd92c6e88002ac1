/** A file with 200 hosts and 50 domains is no trouble, and cost grows with the number of hosts and no faster. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';

const program = fileURLToPath(new URL('scale.ts', import.meta.url));
const test = suite('compiling many hosts');

interface Cost {
  readonly hosts: number;
  /** Processor time of validation and compilation, the best of a few runs. */
  readonly milliseconds: number;
  /** Peak memory of the whole process. */
  readonly mebibytes: number;
}

/** Measures in a process of its own, so that nothing else counts. */
async function costOf(hosts: number): Promise<Cost> {
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', program, String(hosts)]);
  return { hosts, ...JSON.parse(stdout) };
}

test('takes less than 300 MB for 200, and grows linearly from 50; times are measured by npm run bench', async () => {
  const [small, large] = [await costOf(50), await costOf(200)];
  const said = JSON.stringify([small, large]);
  assert.ok(large.mebibytes < 286, said);
  // Four times as many hosts; something is the same for any number.
  assert.ok(large.milliseconds < small.milliseconds * 4 * 1.5, said);
});

test.run();
