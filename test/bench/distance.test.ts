/** The distance that benchmarks measure over takes as long as one would, and changes no byte. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { wayTo } from './distance.ts';
import { slope } from './statistics.ts';

const test = suite('distance');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Asks a server for its answer over a way, and returns the round trips that it took. */
async function tripsFor(answer: Buffer, roundTrip: number): Promise<number> {
  const server = createServer((socket) => socket.once('data', () => socket.end(answer))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const way = await wayTo((server.address() as AddressInfo).port, roundTrip);
  const started = performance.now();
  const client = connect(way.port, '127.0.0.1');
  client.write('question');
  assert.is(sha256(await buffer(client)), sha256(answer));
  const took = performance.now() - started;
  way.close();
  server.close();
  return took / roundTrip;
}

test('a connection and an answer take a round trip each; a long answer as many more as its windows', async () => {
  const [short, long] = [await tripsFor(randomBytes(1000), 100), await tripsFor(randomBytes(40_000), 100)];
  assert.ok(short > 1.95, `${short}`);
  assert.ok(long > 2.95, `${long}`);
  assert.ok(long > short, 'the control');
});

test('the slope of points on a line is its own, and noise around it is levelled out', () => {
  assert.is(
    slope([
      [0, 400],
      [100, 1400],
      [200, 2400],
    ]),
    10,
  );
  assert.is(
    slope([
      [0, 410],
      [100, 1380],
      [200, 2410],
    ]),
    10,
  );
});

test.run();
