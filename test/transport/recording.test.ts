/** The test double of a connection: what it notes, and how it answers. */
import { Readable } from 'node:stream';
import * as assert from 'uvu/assert';
import { planHost } from '../../src/pipeline.ts';
import { RecordingConnection } from '../../src/transport/recording.ts';
import { suite } from '../support/suite.ts';
import { problem } from './client.ts';

const test = suite('recording');

test('answers from its table, line by line, and notes scripts with their input', async () => {
  const connection = new RecordingConnection([
    ['id -u', { stdout: '0\n' }],
    [/^cat/, ({ input }) => ({ stdout: input, code: 3, stderr: 'odd' })],
  ]);
  const lines: string[] = [];
  assert.is((await connection.run('id -u')).stdout.toString(), '0\n');
  const input = Readable.from([Buffer.from('Grü'), Buffer.from([0xc3, 0x9f, 10, 0xff])]);
  const result = await connection.run('cat -', { input, onLine: (line) => lines.push(line) });
  assert.equal([result.code, result.stderr, lines], [3, 'odd', ['Grüß']]);
  assert.ok(result.stdout.equals(Buffer.from([...Buffer.from('Grüß\n'), 0xff])), 'every byte');
  assert.equal(
    connection.calls.map(({ script, input }) => [script, input.length]),
    [
      ['id -u', 0],
      ['cat -', 8],
    ],
  );
  connection.close();
  assert.is(connection.closed, 1);
});

test('a script that the table does not know is an error', async () => {
  const error = await new RecordingConnection([]).run('reboot').catch((thrown: Error) => thrown.message);
  assert.is(error, 'the recording has no answer to the script:\nreboot');
});

test('one before a connection hands everything on', async () => {
  const behind = new RecordingConnection([['cat', ({ input }) => ({ stdout: input })]]);
  const connection = new RecordingConnection(behind);
  const result = await connection.run('cat', { input: Readable.from([Buffer.from([0, 255])]) });
  assert.equal([...result.stdout], [0, 255]);
  connection.close();
  assert.equal(behind.calls, connection.calls);
  assert.is(behind.closed, 1);
});

test('a host whose sudo asks for a password is told apart from one that cannot be read', async () => {
  const manifest = { project: 'notes', host: hostOf(), resources: [] } as never;
  const asks = new RecordingConnection([[/./, { code: 1, stderr: 'sudo: a password is required\n' }]]);
  const { code, fix } = await problem(planHost(asks, manifest));
  assert.is(code, 'probe.sudo');
  assert.match(fix, 'sudo: password');
  const broken = new RecordingConnection([[/./, { code: 2, stderr: 'sh: out of memory\n' }]]);
  assert.is((await problem(planHost(broken, manifest))).code, 'probe.failed');
});

const hostOf = () => ({ name: 'web-1', user: 'deploy' });

test.run();
