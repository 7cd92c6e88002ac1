/** Power cuts and kills of the server under writes: what was acknowledged is there, each time. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { LabHost } from '../lab/host.ts';
import { labReleases } from '../lab/releases.ts';
import { suite } from '../support/suite.ts';
import { asPostgres, Ground } from './ground.ts';

const rounds = 20;
const writers = 4;

/** A client that writes one row after the other, and remembers those of which the server said that they are there. */
class Writer {
  readonly acknowledged: string[] = [];
  private readonly ended: Promise<void>;

  constructor(host: LabHost, round: number, number: number) {
    const psql = [...asPostgres, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'notes'];
    // Outside the host, so that nothing of what it heard goes with it.
    const child = spawn('docker', ['exec', '-i', host.containerId, ...psql], { stdio: ['pipe', 'pipe', 'ignore'] });
    let next = 0;
    const write = () => {
      const key = `${round}-${number}-${next++}`;
      child.stdin.write(`INSERT INTO written VALUES ('${key}') RETURNING key;\n`);
    };
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (key) => {
      this.acknowledged.push(key);
      write();
    });
    this.ended = new Promise((resolve) => child.on('close', () => resolve()));
    write();
  }

  end = () => this.ended;
}

for (const release of labReleases()) {
  const test = suite(`crashes with ${release}`);
  let ground: Ground;
  test.before(async () => {
    ground = await Ground.start(release, '  engine: pgbackrest\n');
    await ground.sql('CREATE TABLE written (key text PRIMARY KEY)');
  });
  test.after(() => ground?.end());

  const kill = () => ground.host.exec(['pkill', '-KILL', '-u', 'postgres', '-x', 'postgres']);

  /** Breaks the server in the middle of writes. @returns how many rows it acknowledged, and the keys of those that are gone. */
  async function round(number: number, breaks: () => Promise<unknown>) {
    const clients = Array.from({ length: writers }, (_, index) => new Writer(ground.host, number, index));
    await sleep(1000 + 50 * number);
    await breaks();
    await Promise.all(clients.map((client) => client.end()));
    const acknowledged = clients.flatMap((client) => client.acknowledged);
    assert.ok(acknowledged.length > 100, `round ${number}: only ${acknowledged.length} rows were written`);
    await ground.isUp();
    const kept = new Set((await ground.sql(`SELECT key FROM written WHERE key LIKE '${number}-%'`)).split('\n'));
    return { acknowledged: acknowledged.length, lost: acknowledged.filter((key) => !kept.has(key)) };
  }

  test(`${rounds} rounds of kills and power cuts lose nothing that was acknowledged`, async () => {
    const { host } = ground;
    let all = 0;
    for (let number = 1; number <= rounds; number++) {
      const { acknowledged, lost } = await round(number, number % 2 === 0 ? () => host.powerCut() : kill);
      assert.equal(lost, [], `round ${number}`);
      all += acknowledged;
    }
    console.log(`  ${release}: ${all} acknowledged rows in ${rounds} rounds, none lost`);
    await ground.isWell();
  });

  test('a server that acknowledges before it writes does lose some: the control', async () => {
    await ground.sql(
      "ALTER SYSTEM SET wal_writer_delay = '10s'; SELECT pg_reload_conf(); ALTER DATABASE notes SET synchronous_commit = off",
    );
    const { lost } = await round(0, kill);
    assert.ok(lost.length > 0);
    await ground.sql(
      'ALTER SYSTEM RESET wal_writer_delay; SELECT pg_reload_conf(); ALTER DATABASE notes RESET synchronous_commit',
    );
  });

  test.run();
}
