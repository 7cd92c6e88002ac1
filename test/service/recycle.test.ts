/** When an instance goes, by itself: limits and the mark, with sockets of tiny servers in place of the other instances. */
import { lstat, lutimes, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createLog } from '../../service/src/log.ts';
import { lowered, type Pace, type RecycleLimits, recycle, watchLimits } from '../../service/src/recycle.ts';
import { RecyclingMark } from '../../service/src/recycling-mark.ts';
import { suite } from '../support/suite.ts';

const test = suite('recycling');

const staleMs = 60_000;

/** A folder of sockets, and servers in it that answer everything with a status. */
class Folder implements AsyncDisposable {
  readonly path: string;
  readonly #servers: Server[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async make() {
    return new Folder(await mkdtemp(join(tmpdir(), 'notes-recycle-')));
  }

  socket(instance: number) {
    return join(this.path, `${instance}.sock`);
  }

  /** The server of an instance; its status may be changed. */
  async serve(instance: number, state: { status: number }): Promise<Server> {
    const server = createServer((_request, response) => response.writeHead(state.status).end());
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(this.socket(instance), resolve));
    return server;
  }

  mark(instance: number) {
    return new RecyclingMark(this.socket(instance), staleMs);
  }

  /** Which socket the mark names; undefined without a mark. */
  owner(): Promise<string | undefined> {
    return readlink(join(this.path, 'recycling')).catch(() => undefined);
  }

  async markOf(instance: number, ageMs: number) {
    const link = join(this.path, 'recycling');
    await symlink(`${instance}.sock`, link);
    const made = (Date.now() - ageMs) / 1000;
    await lutimes(link, made, made);
  }

  async [Symbol.asyncDispose]() {
    for (const server of this.#servers) server.close();
    await rm(this.path, { recursive: true });
  }
}

const inFolder = (name: string, check: (folder: Folder) => Promise<void>) =>
  test(name, async () => {
    await using folder = await Folder.make();
    await check(folder);
  });

test('a limit is lowered by the share of the jitter at most, and never raised', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 50 }),
      fc.integer({ min: 0, max: 100 }),
      random,
      (limit, percent, one) => {
        const value = lowered(limit, percent, () => one);
        assert.ok(Number.isInteger(value) && value >= 1 && value <= limit, `${value}`);
        assert.ok(value >= Math.floor(limit * (1 - percent / 100)), `${value}`);
      },
    ),
  );
  assert.equal(
    [0, 0.5, 0.999].map((one) => lowered(1000, 20, () => one)),
    [1000, 900, 800],
  );
  assert.is(
    lowered(1000, 0, () => 0.7),
    1000,
  );
});

inFolder('an instance goes while another is ready, and no second one until it is back', async (folder) => {
  for (const instance of [1, 2, 3]) await folder.serve(instance, { status: 200 });
  assert.is(await folder.mark(1).take(), true);
  assert.is(await folder.owner(), '1.sock');
  assert.is(await folder.mark(2).take(), false);
  await folder.mark(2).remove();
  assert.is(await folder.owner(), '1.sock', 'the mark of another is not removed');
  await folder.mark(1).remove();
  assert.is(await folder.mark(2).take(), true);
});

for (const [what, status] of [
  ['the other is not ready', 503],
  ['there is no other', undefined],
] as const) {
  inFolder(`nobody goes while ${what}, and no mark is left`, async (folder) => {
    const state = { status: status ?? 200 };
    await folder.serve(1, { status: 200 });
    if (status !== undefined) await folder.serve(2, state);
    assert.is(await folder.mark(1).take(), false);
    assert.is(await folder.owner(), undefined);
    if (status === undefined) await folder.serve(2, state);
    state.status = 204;
    assert.is(await folder.mark(1).take(), true);
  });
}

inFolder('of many that ask at once one goes', async (folder) => {
  const instances = [1, 2, 3, 4, 5, 6];
  for (const instance of instances) await folder.serve(instance, { status: 200 });
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(instances.map((instance) => folder.mark(instance).take()));
    assert.is(answers.filter(Boolean).length, 1);
    for (const instance of instances) await folder.mark(instance).remove();
  }
});

inFolder(
  'an old mark of an instance that is gone for good is removed, and the next try makes a new one',
  async (folder) => {
    for (const instance of [1, 2]) await folder.serve(instance, { status: 200 });
    await folder.markOf(7, staleMs + 1000);
    assert.is(await folder.mark(1).take(), false);
    assert.is(await folder.owner(), undefined);
    assert.is(await folder.mark(1).take(), true);
  },
);

inFolder('a stale mark that many find at once lets one go', async (folder) => {
  const instances = [1, 2, 3, 4];
  for (const instance of instances) await folder.serve(instance, { status: 200 });
  for (let round = 0; round < 20; round++) {
    await folder.markOf(7, staleMs + 1000);
    const answers: boolean[] = [];
    for (let tries = 0; tries < 2; tries++) {
      answers.push(...(await Promise.all(instances.map((instance) => folder.mark(instance).take()))));
    }
    assert.is(answers.filter(Boolean).length, 1);
    for (const instance of instances) await folder.mark(instance).remove();
  }
});

for (const [what, instance, ageMs] of [
  ['a young mark of an instance that is away', 7, staleMs / 2],
  ['an old mark of an instance that listens and is not ready', 2, staleMs * 100],
] as const) {
  inFolder(`${what} keeps the others`, async (folder) => {
    await folder.serve(1, { status: 200 });
    await folder.serve(2, { status: 503 });
    await folder.serve(3, { status: 200 });
    await folder.markOf(instance, ageMs);
    for (let tries = 0; tries < 3; tries++) assert.is(await folder.mark(1).take(), false);
    assert.is(await folder.owner(), `${instance}.sock`);
  });
}

inFolder('what else lies in place of the mark does not block for ever', async (folder) => {
  for (const instance of [1, 2]) await folder.serve(instance, { status: 200 });
  const link = join(folder.path, 'recycling');
  await writeFile(link, '');
  const made = Date.now() / 1000 - staleMs;
  await lutimes(link, made, made);
  assert.is(await folder.mark(1).take(), false);
  assert.is(await lstat(link).catch(() => undefined), undefined);
  assert.is(await folder.mark(1).take(), true);
});

const pace: Pace = { random: () => 0, residentBytes: () => 0, checkMs: 10, retryMs: 20 };
const never: RecycleLimits = { requests: 0, memoryBytes: 0, jitterPercent: 0 };

const ask = (socketPath: string) =>
  new Promise<void>((resolve, reject) => {
    get({ socketPath, agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });

inFolder('requests are counted up to the lowered limit, which is reached once', async (folder) => {
  const server = await folder.serve(1, { status: 200 });
  const reasons: unknown[] = [];
  const limits = { ...never, requests: 10, jitterPercent: 40 };
  watchLimits(server, limits, { ...pace, random: () => 0.5 }, (why) => reasons.push(why));
  for (let count = 1; count <= 7; count++) await ask(folder.socket(1));
  await sleep(50);
  assert.equal(reasons, []);
  for (let count = 8; count <= 12; count++) await ask(folder.socket(1));
  await sleep(50);
  assert.equal(reasons, [{ requests: 8 }]);
});

inFolder('memory is looked at again and again, and is too much above its limit', async (folder) => {
  const server = await folder.serve(1, { status: 200 });
  const reasons: unknown[] = [];
  let residentBytes = 1000;
  const limits = { ...never, memoryBytes: 1000 };
  watchLimits(server, limits, { ...pace, residentBytes: () => residentBytes }, (why) => reasons.push(why));
  await sleep(100);
  assert.equal(reasons, []);
  residentBytes = 1001;
  await sleep(100);
  residentBytes = 2000;
  await sleep(100);
  assert.equal(reasons, [{ memoryBytes: 1001 }]);
});

const silent = createLog('error', () => {});

/** An instance whose limit is already reached, and what becomes of it. */
async function dueInstance(server: Server, path: string, ready: () => boolean) {
  const fate = { left: 0, leaving: false };
  const ping = async () => {
    if (!ready()) throw new Error('away');
  };
  const leave = () => {
    fate.left++;
    fate.leaving = true;
  };
  const instance = { server, address: { path }, log: silent, drainMs: 1, ping, isLeaving: () => fate.leaving, leave };
  const started = recycle(instance, { ...never, memoryBytes: 1 }, { ...pace, residentBytes: () => 2 });
  return { fate, started };
}

inFolder('the successor removes the mark only once its database answers', async (folder) => {
  const server = await folder.serve(1, { status: 200 });
  await folder.markOf(1, 0);
  let ready = false;
  const { fate, started } = await dueInstance(server, folder.socket(1), () => ready);
  await sleep(100);
  assert.is(await folder.owner(), '1.sock');
  ready = true;
  await started;
  assert.is(await folder.owner(), undefined);
  await sleep(200);
  assert.is(fate.left, 0, 'it is alone');
  fate.leaving = true;
});

inFolder('an instance whose limit is reached waits for its turn, and goes once', async (folder) => {
  const server = await folder.serve(1, { status: 200 });
  const other = { status: 503 };
  await folder.serve(2, other);
  const { fate } = await dueInstance(server, folder.socket(1), () => true);
  await sleep(300);
  assert.is(fate.left, 0);
  other.status = 200;
  await sleep(300);
  assert.is(fate.left, 1);
  assert.is(await folder.owner(), '1.sock');
});

inFolder('an instance that leaves anyway takes no mark', async (folder) => {
  const server = await folder.serve(1, { status: 200 });
  const other = { status: 503 };
  await folder.serve(2, other);
  const { fate } = await dueInstance(server, folder.socket(1), () => true);
  await sleep(100);
  fate.leaving = true;
  other.status = 200;
  await sleep(200);
  assert.equal([fate.left, await folder.owner()], [0, undefined]);
});

test.run();
