import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { compressed, compressedScript, expanded } from '../../src/transport/compression.ts';
import { suite } from '../support/suite.ts';

const test = suite('compressed scripts');

async function outcomeOf(script: string, input: string | Readable) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', compressedScript(script)], {
    input: await buffer(compressed(input)),
  });
  return { status, stdout: expanded(stdout).toString(), stderr: stderr.toString(), packed: stdout };
}

test('a script reads what it was sent and prints what it would print', async () => {
  const lines = 'path /etc/passwd\n'.repeat(5000);
  const { status, stdout, packed } = await outcomeOf('want=$(cat)\nprintf "%s\\n" "$want"\n', lines);
  assert.is(stdout, lines);
  assert.is(status, 0);
  assert.ok(packed.length < lines.length / 20);
});

test('its exit code and its errors arrive, and what it had printed', async () => {
  const script = "trap 'printf swept' EXIT\nprintf begun\nprintf oh >&2\nexit 7\n";
  const { status, stdout, stderr } = await outcomeOf(script, '');
  assert.equal({ status, stdout, stderr }, { status: 7, stdout: 'begunswept', stderr: 'oh' });
});

test('a stream is input, too', async () => {
  const { stdout } = await outcomeOf('cat', Readable.from(['one ', 'two']));
  assert.is(stdout, 'one two');
});

test('what was cut off, or is no answer of a script, is nothing', () => {
  const whole = gzipSync('a long answer '.repeat(100));
  assert.is(expanded(whole).toString(), gunzipSync(whole).toString(), 'the control');
  assert.is(expanded(whole.subarray(0, -10)).length, 0);
  assert.is(expanded(Buffer.from('sudo: a password is required')).length, 0);
});

test.run();
