import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { send } from './client.ts';
import { serviceSuite } from './service.ts';

const test = serviceSuite('memory of the service');

/** MiB; on Node.js 24, of which 51 are its own program file, which all instances of a host have in common. */
const limit = 90;

const { app } = parse(readFileSync(new URL('../../deploy.yaml', import.meta.url), 'utf8'));

/** Resident memory in MiB: what proc_pid_status(5) calls VmRSS. */
function residentMemory(pid: number): number {
  const [, kibibytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m) ?? [];
  assert.ok(kibibytes);
  return Number(kibibytes) / 1024;
}

test(`an idle instance, started as deploy.yaml says, holds less than ${limit} MiB`, async ({ start }) => {
  const [, ...words] = app.start.split(' ');
  const service = await start({ ...app.env, NODE_ENV: 'production' }, ['--max-old-space-size=384', ...words]);
  assert.is((await send(service.target, 'GET', '/readyz')).status, 200);
  await sleep(2000);
  const held = residentMemory(service.pid);
  // A process that has its own program file and no database in it would be another.
  assert.ok(held > 40, `${held} MiB`);
  assert.ok(held < limit, `${held} MiB`);
});

test.run();
