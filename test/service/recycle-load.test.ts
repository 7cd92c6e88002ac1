/** Instances of the service that recycle under load, behind a client that does what Nginx does. */
import { mkdir } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Target } from './client.ts';
import { type Service, type Stack, serviceSuite } from './service.ts';

const test = serviceSuite('recycling under load');

const restartMs = 300;

/** One instance and its successors, each started when the one before has ended, as systemd does with Restart=always. */
class Supervised {
  readonly lives: Service[] = [];
  readonly codes: (number | null)[] = [];
  readonly #start: () => Promise<Service>;
  #stopped = false;
  #back: Promise<void> = Promise.resolve();

  private constructor(start: () => Promise<Service>) {
    this.#start = start;
  }

  static async start(start: () => Promise<Service>): Promise<Supervised> {
    const supervised = new Supervised(start);
    await supervised.#next();
    supervised.#restart();
    return supervised;
  }

  get target(): Target {
    return this.lives[0]!.target;
  }

  /** Ends it; one that is about to come back ends after that, so that none outlives the test. */
  async stop() {
    this.#stopped = true;
    await this.#back;
    await this.lives.at(-1)!.stop();
  }

  async #next() {
    this.lives.push(await this.#start());
  }

  async #restart() {
    for (;;) {
      const code = await this.lives.at(-1)!.exitCode();
      if (this.#stopped) return;
      this.codes.push(code);
      this.#back = sleep(restartMs).then(() => this.#next());
      await this.#back;
    }
  }
}

/** One try at one instance; 'refused' means that nothing was sent, and whoever asked may go to the next. */
function post(target: Target, agent: Agent): Promise<number | 'refused'> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request({ ...target, method: 'POST', path: '/api/notes', headers, agent }, (incoming) => {
      incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0));
      incoming.on('error', reject);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      error.syscall === 'connect' ? resolve('refused') : reject(error),
    );
    outgoing.end('{}');
  });
}

/** What a client has seen. */
interface Seen {
  created: number;
  failed: string[];
}

/** Posts to the instances in turn, over a kept connection to each, and asks the next one when a connect is refused. */
async function load(instances: readonly Supervised[], goesOn: () => boolean): Promise<Seen> {
  const seen: Seen = { created: 0, failed: [] };
  const agents = instances.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  for (let turn = 0; goesOn(); turn++) {
    const outcome = await inTurn(instances, agents, turn).catch((error: Error) => error.message);
    if (outcome === 201) seen.created++;
    else seen.failed.push(String(outcome));
    await sleep(5);
  }
  for (const agent of agents) agent.destroy();
  return seen;
}

async function inTurn(instances: readonly Supervised[], agents: readonly Agent[], turn: number) {
  for (const offset of instances.keys()) {
    const at = (turn + offset) % instances.length;
    const outcome = await post(instances[at]!.target, agents[at]!);
    if (outcome !== 'refused') return outcome;
  }
  return 'every instance is gone';
}

// So many that a fresh instance is there for longer than it takes to come back: whoever waits for it asks every five to fifteen seconds.
const limits = { RECYCLE_REQUESTS: '2000', RECYCLE_JITTER: '0', DRAIN_GRACE_MS: '300', DRAIN_LIMIT_MS: '5000' };

/** Load on two instances until each has ended by itself and come back, or it takes too long. */
async function recycleUnderLoad(stack: Stack, addresses: readonly string[]) {
  await stack.postgres.sql('TRUNCATE notes');
  const instances = await Promise.all(
    addresses.map((PORT) => Supervised.start(() => stack.start({ ...limits, PORT }))),
  );
  const deadline = Date.now() + 60_000;
  // Once, and not now: under load an instance may reach its limit while the other is away, and go as soon as that one is back.
  const allBack = () => instances.every(({ lives }) => lives.length > 1);
  const goesOn = () => Date.now() < deadline && !allBack();
  const seen = await Promise.all(Array.from({ length: 8 }, () => load(instances, goesOn)));
  assert.ok(allBack(), 'each instance ended, and came back');
  for (const { codes } of instances)
    assert.ok(
      codes.every((code) => code === 0),
      String(codes),
    );
  await Promise.all(instances.map((instance) => instance.stop()));
  const created = seen.reduce((sum, one) => sum + one.created, 0);
  return { created, failed: seen.flatMap(({ failed }) => failed) };
}

/** Paths of two sockets in a folder that nobody else has. */
async function sockets({ dir }: Stack, folder: string): Promise<[string, string]> {
  await mkdir(join(dir, folder));
  return [join(dir, folder, '1.sock'), join(dir, folder, '2.sock')];
}

/** Two TCP ports that were free a moment ago. */
async function ports(): Promise<string[]> {
  const servers = [createServer(), createServer()];
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const numbers = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return numbers;
}

test('instances on unix sockets recycle one at a time, and no request fails or is done twice', async (stack) => {
  const { created, failed } = await recycleUnderLoad(stack, await sockets(stack, 'load'));
  assert.equal(failed, []);
  assert.is(await stack.postgres.sql('SELECT count(*) FROM notes'), String(created));
  assert.ok(created > 400, `only ${created} requests`);
});

test('without mark and peers, as on TCP ports, the same load finds all instances gone', async (stack) => {
  const { failed } = await recycleUnderLoad(stack, await ports());
  assert.ok(failed.includes('every instance is gone'), `the check sees no difference: ${failed}`);
});

test('too much memory ends one instance, with 0, and not the other', async (stack) => {
  const env = { RECYCLE_MEMORY: String(2 ** 20), DRAIN_GRACE_MS: '100', DRAIN_LIMIT_MS: '5000' };
  const [one, other] = await Promise.all((await sockets(stack, 'memory')).map((PORT) => stack.start({ ...env, PORT })));
  assert.ok(one && other);
  const first = await Promise.race([one.exitCode().then(() => one), other.exitCode().then(() => other)]);
  const second = first === one ? other : one;
  assert.is(await first.exitCode(), 0);
  assert.ok(Number((await first.logged('recycling is due')).memoryBytes) > 2 ** 20);
  // The first one does not come back, so the second one waits.
  await second.logged('recycling is due');
  const still = await Promise.race([second.exitCode().then(() => 'gone'), sleep(3000).then(() => 'there')]);
  assert.is(still, 'there');
});

test.run();
