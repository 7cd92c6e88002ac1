/** Generated projects: the rules bring nearly all of them to validity, and what is valid compiles, always to the same bytes. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { compile } from '../../src/compile/compile.ts';
import { compiledTree } from '../../src/compile/tree.ts';
import { isText } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';
import { judgesOf } from '../validators/judges.ts';
import { type Outcome, outcomeOf } from './compiled.ts';
import { Coverage, keysOf } from './coverage.ts';
import { unknownIn, unknownOn } from './floors.ts';
import { assets, chosenSeed, generated } from './generated.ts';
import { writeProject } from './project.ts';
import { reduced } from './reduce.ts';

const seed = chosenSeed();
const count = 150;
const test = suite('generated projects');
const projects = generated(seed, count);
const outcomes = projects.map(outcomeOf);
const compiled = outcomes.filter(({ failure }) => failure === undefined);

/** The first project of a failure, made small and written where it can be kept from. */
async function kept(failing: Outcome): Promise<string> {
  const same = (text = '') => text.replaceAll(/"[^"]*"|[a-z0-9-]*\d[a-z0-9-]*/g, '').slice(0, 60);
  const small = await reduced(failing.project, async (candidates) =>
    candidates.map((candidate) => same(outcomeOf(candidate).failure) === same(failing.failure)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-fuzz-'));
  writeProject(folder, outcomeOf(small).project);
  return `${failing.failure}\nkeep the project in ${folder} as test/cases/<a sentence for a name> (FUZZ_SEED=${seed})`;
}

test(`compile, or are refused with a place and a fix (FUZZ_SEED=${seed})`, async () => {
  const crash = outcomes.find(({ failure, stuck }) => failure !== undefined && !stuck);
  assert.ok(!crash, crash && (await kept(crash)));
});

test('become valid in nine of ten cases by doing what the diagnostics say', () => {
  const stuck = outcomes.filter((outcome) => outcome.stuck);
  assert.ok(stuck.length <= count / 10, `${stuck.length} of ${count}: ${stuck[0]?.failure}`);
});

test('use most keys of the schemas', () => {
  const coverage = new Coverage(assets.contracts.deploy.schema, assets.contracts.host.schema);
  for (const { project } of compiled) coverage.add(project);
  assert.ok(keysOf(assets.contracts.deploy.schema).length > 300);
  assert.ok(coverage.missing.length < coverage.counts.size / 20, coverage.missing.join(', '));
});

test('give the same bytes each time', () => {
  for (const { spec, manifests } of compiled.slice(0, 40)) {
    const again = spec?.hosts.map((host) => compile({ spec, host, templates: assets.templates })) ?? [];
    assert.equal(
      again.map((manifest) => [...compiledTree(manifest)]),
      manifests.map((manifest) => [...compiledTree(manifest)]),
    );
  }
  assert.equal(generated(seed, 3), projects.slice(0, 3), 'the same seed gives the same projects');
});

test('hold nothing that the programs of their release do not know', () => {
  assert.equal(
    compiled.flatMap(({ manifests }) => manifests.flatMap(unknownOn)),
    [],
  );
  const control: readonly [string, string][] = [
    ['/etc/nginx/nginx.conf', '    http2 on;\n'],
    ['/etc/nginx/nginx.conf', 'ssl_reject_handshake on;'],
    ['/etc/systemd/system/a.service', '[Service]\nRestartSteps=5\n'],
    ['/etc/systemd/system/a.service', '[Service]\nEnvironment=A=%d/A\n'],
    ['/etc/fairlead/a/redis.conf', 'enable-debug-command no\n'],
    ['/etc/ssh/sshd_config.d/a.conf', 'PerSourcePenalties no\n'],
  ];
  for (const [path, content] of control)
    assert.is(unknownIn({ path, content }, 'ubuntu-22.04').length, 1, `the control: ${content}`);
  assert.equal(unknownIn({ path: '/etc/systemd/system/a', content: 'ExecStart=a %%d' }, 'ubuntu-22.04'), []);
});

test('hold no file that nothing judges', () => {
  const unjudged = compiled.flatMap(({ manifests, files, spec }) =>
    [...manifests.flatMap(({ resources, companions }) => [...resources.filter(isText), ...companions]), ...files]
      .map(({ path }) => path)
      .filter((path) => judgesOf(path, spec?.name ?? '').length === 0),
  );
  assert.equal([...new Set(unjudged)], []);
  assert.equal(judgesOf('/etc/unheard-of', 'a'), [], 'the control');
});

test('are made small when they fail', async () => {
  const [large] = projects.filter(({ deploy }) => Object.keys(deploy).length > 8);
  assert.ok(large);
  const small = await reduced(large, async (candidates) => candidates.map(({ deploy }) => 'name' in deploy));
  assert.equal(Object.keys(small.deploy), ['name']);
});

test.run();
