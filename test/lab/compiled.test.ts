/**
 * Every golden case and a hundred generated projects, judged by the programs that will read their files on a host of this release.
 * FUZZ_SEED chooses the projects; it is printed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { compileProject } from '../../src/compile/project.ts';
import { targetOf } from '../../src/compile/targets.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadProject } from '../../src/project/load.ts';
import { isText } from '../../src/resources/resource.ts';
import { environmentsOf } from '../../src/spec/resolve.ts';
import { type Outcome, outcomeOf } from '../fuzz/compiled.ts';
import { assets, chosenSeed, generated } from '../fuzz/generated.ts';
import { judged, keep, smallest } from '../fuzz/judged.ts';
import { suite } from '../support/suite.ts';
import { brokenFiles, brokenHost } from '../validators/controls.ts';
import { judgeNames } from '../validators/judges.ts';
import { labReleases } from './releases.ts';
import { Court, merged, type Objection, type Verdict } from './validators.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cases = join(repository, 'test', 'cases');
const seed = chosenSeed();
const count = 100;

interface Case extends Outcome {
  readonly name: string;
}

/** What a project compiles to in each of its environments; nothing for a case that holds an error. */
function compiledIn(folder: string, name: string): Case[] {
  try {
    const loaded = loadProject(join(folder, 'deploy.yaml'));
    const specs = environmentsOf(loaded.sources).map((environment) => specOf(loaded, environment, assets).spec);
    const files = compileProject(specs, assets.templates);
    const project = { deploy: {}, hosts: {} };
    return specs.map((spec, index) => {
      const manifests = spec.hosts.map((host) => manifestOf(spec, host, assets));
      return { name: `${name} (${spec.environment})`, project, spec, manifests, files: index === 0 ? files : [] };
    });
  } catch (error) {
    if (error instanceof DiagnosticsError) return [];
    throw error;
  }
}

const compiled = [
  ...compiledIn(repository, 'the example'),
  ...readdirSync(cases, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => compiledIn(join(cases, name), name.replaceAll('-', ' '))),
];

const shown = ({ judge, path, said }: Objection, whose: string) =>
  `${whose}: ${judge} on ${path}:\n${said.slice(0, 600)}`;

for (const release of labReleases()) {
  const test = suite(`compiled files on ${release}`);
  let court: Court;
  test.before(async () => {
    court = await Court.open(release);
  });
  test.after(() => court?.close());
  const verdicts: Verdict[] = [];

  test('of all golden cases are accepted by the programs that read them', async () => {
    const verdict = await judged(court, release, compiled);
    verdicts.push(verdict);
    const said = verdict.objections.map((one) => shown(one, compiled[one.tree]?.name ?? ''));
    assert.ok(said.length === 0, said.slice(0, 10).join('\n'));
    assert.ok(compiled.length >= 20, String(compiled.length));
  });

  test(`of ${count} generated projects are accepted, too (FUZZ_SEED=${seed})`, async () => {
    const outcomes = generated(seed, count).map(outcomeOf);
    const verdict = await judged(court, release, outcomes);
    verdicts.push(verdict);
    const [first] = verdict.objections;
    const failing = first && outcomes[first.tree];
    if (!first || !failing) return;
    const small = await smallest(court, release, failing.project, first);
    assert.unreachable(`${verdict.objections.length} objections; ${shown(first, keep(small, seed))}`);
  });

  test('are seen by every judge', () => {
    const { asked } = merged(verdicts);
    assert.equal(
      judgeNames().filter((name) => !asked.has(name)),
      [],
    );
  });

  test('are refused by every judge when they are broken: the controls', async () => {
    const broken = Object.entries(brokenFiles(targetOf(release).postgres)).flatMap(([judge, files]) =>
      files.map((file) => ({ judge, file })),
    );
    assert.equal(
      judgeNames().filter((name) => !broken.some(({ judge }) => judge === name)),
      [],
      'judges without a control',
    );
    const { objections } = await court.judge(broken.map(({ file }) => brokenHost(release, file)));
    const accepted = broken.filter(
      ({ judge }, number) => !objections.some((one) => one.tree === number && one.judge === judge),
    );
    assert.equal(accepted, []);
    const unknown = await court.judge([brokenHost(release, ['/etc/unheard-of', ''])]);
    assert.is(unknown.objections[0]?.judge, 'nobody');
  });

  const put = async (path: string, content: string) => {
    const write = ['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat > "$1"', 'sh', path];
    const { exitCode, stderr } = await court.host.exec(write, { input: content });
    assert.is(exitCode, 0, stderr);
  };

  test('the words of app.start arrive as they were written', async () => {
    const { host } = court;
    const [one] = compiled.find(({ name }) => name.startsWith('everything set'))?.manifests ?? [];
    const unit = one?.resources.filter(isText).find(({ path }) => path.endsWith('blue@.service'));
    assert.ok(unit);
    await host.sh(
      'useradd --system big-shop; mkdir -p /run/big-shop/blue /srv/big-shop/slots/blue/app && chown big-shop /run/big-shop/blue && rm -f /srv/big-shop/slots/blue/node',
    );
    await put('/srv/big-shop/slots/blue/environment', '');
    await put(
      '/srv/big-shop/slots/blue/node',
      '#!/bin/sh\nprintf \'%s\\0\' "$@" > /run/big-shop/blue/argv\nexec sleep 60\n',
    );
    await put(unit.path, unit.content);
    await host.sh(
      'chmod +x /srv/big-shop/slots/blue/node; systemctl daemon-reload; systemctl start big-shop-blue@1; for i in 1 2 3 4 5 6 7 8 9 10; do [ -s /run/big-shop/blue/argv ] && break; sleep 0.2; done',
    );
    const words = (await host.sh('cat /run/big-shop/blue/argv')).split('\0').slice(0, -1);
    await host.sh(
      'systemctl kill --signal=KILL big-shop-blue@1; systemctl stop big-shop-blue@1; rm /etc/systemd/system/big-shop-blue@.service; systemctl daemon-reload',
    );
    const yaml = readFileSync(join(cases, 'everything-set', 'deploy.yaml'), 'utf8');
    assert.match(yaml, `--title 'My "50%" shop' --price '$5'`);
    assert.equal(words, [
      '--max-old-space-size=1536',
      '--enable-source-maps',
      'dist/server.js',
      '--title',
      'My "50%" shop',
      '--price',
      '$5',
    ]);
  });

  test.run();
}
