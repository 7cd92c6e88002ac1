/** Releases that come and go under load: a short version of what `npm run test:load` proves (docs/benchmarks.md). */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { Ground } from '../load/ground.ts';
import { faultsOf } from '../load/judge.ts';
import { makeSwitches, type Switch } from '../load/switches.ts';
import { type Loaded, Traffic, waysToFail } from '../load/traffic.ts';
import { suite } from '../support/suite.ts';
import { labReleases } from './releases.ts';

const say = () => undefined;

for (const release of labReleases()) {
  const test = suite(`a load on ${release}`);
  let ground: Ground;
  let switches: Switch[] = [];

  test.before(async () => {
    ground = await Ground.open(release, false);
  });
  test.after(() => ground?.close());

  /** Asks over connections of HTTP/1.1 that are kept, while something is done. */
  const under = async (run: string, work: () => Promise<unknown>): Promise<Loaded> => {
    const traffic = new Traffic(ground.host, { target: ground.target('http1'), clients: 8, rate: 80, run });
    try {
      await traffic.reach(80);
      await work();
      return await traffic.stop();
    } finally {
      traffic.kill();
    }
  };

  test('a deploy and a rollback drop, double and lose nothing', async () => {
    const { counts, seen, time } = await under('good', async () => {
      switches = await makeSwitches(ground, ['deploy', 'rollback'], 0, say);
    });
    assert.equal(faultsOf(counts), [], waysToFail(seen));
    assert.ok(counts.requests > 500 && counts.acknowledged > 250, JSON.stringify(counts));
    for (const { window } of switches) assert.ok(window.from > time.from && window.to < time.to, 'under load');
  });

  test('a restart in place drops requests, and the same judge sees it: the control', async () => {
    const { counts } = await under('restarted', async () => {
      await ground.host.sh('slot=$(readlink /run/notes/live) && systemctl restart "notes-$slot@1" "notes-$slot@2"');
      await sleep(3000);
    });
    assert.ok(counts.failed > 0, JSON.stringify(counts));
    assert.match(faultsOf(counts).join('; '), /requests failed/);
  });

  test.run();
}
