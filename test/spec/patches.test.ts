/** Foreign lines: what is whole in its own language passes, and what would end the place that it stands in does not. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import {
  firewallProblem,
  nginxProblem,
  postgresProblem,
  redisProblem,
  sshdProblem,
  systemdProblem,
} from '../../src/spec/patches.ts';
import { suite } from '../support/suite.ts';

const test = suite('foreign lines');
const checks = {
  nginx: nginxProblem,
  systemd: systemdProblem,
  postgres: postgresProblem,
  redis: redisProblem,
  sshd: sshdProblem,
  firewall: firewallProblem,
};

interface Case {
  readonly program: keyof typeof checks;
  readonly name: string;
  readonly lines: readonly string[];
  /** The line that is refused, from 0, and words of the fix. */
  readonly line?: number;
  readonly fix?: string;
}

const cases = JSON.parse(readFileSync(new URL('patches.json', import.meta.url), 'utf8')) as readonly Case[];

for (const { program, name, lines, line, fix = '' } of cases) {
  test(`of ${program}: ${name} ${line === undefined ? 'passes' : 'is refused'}`, () => {
    const found = checks[program](lines);
    assert.is(found?.line, line);
    if (found) assert.match(found.fix, fix);
  });
}

test('of every program have cases of both kinds', () => {
  for (const program of Object.keys(checks)) {
    const kinds = cases.filter((one) => one.program === program).map(({ line }) => line === undefined);
    assert.ok(kinds.includes(true) && kinds.includes(false), program);
  }
});

test.run();
