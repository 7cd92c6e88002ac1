/** Saved plans: what is written, what is refused when it is read, and what is said when it does not hold any more. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  compareWithSaved,
  optionsOf,
  type Planned,
  readSavedPlan,
  type SavedPlan,
  savedPlanText,
  staleTexts,
} from '../../src/commands/saved-plan.ts';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { DiagnosticsError, failure } from '../../src/diagnostic.ts';
import { planHash } from '../../src/plan/hash.ts';
import { type Consent, noConsent } from '../../src/plan/tokens.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { edits, manifest } from '../plan/manifests.ts';
import { ModelHost } from '../plan/model-host.ts';
import { suite } from '../support/suite.ts';
import { folderWith, removeFolders } from './project.ts';

const test = suite('saved plans');
test.after(removeFolders);

const assets = await loadAssets();
const whole = manifest();
const edited = manifest(edits.bodyLimit);
const site = '/etc/nginx/sites-available/notes.conf';

function converged(): ModelHost {
  const host = new ModelHost();
  host.converge(whole);
  return host;
}

/** What plan hands over of one host. */
function planned(host: ModelHost, wanted: HostManifest, consent: Consent = noConsent): Planned {
  const shown = host.plan(wanted, consent);
  return {
    host: { name: 'web-1' },
    shown,
    hash: planHash(shown),
    compiled: wanted,
    source: { digest: 'a'.repeat(64) },
  };
}

const folder = () => folderWith({});

/** A file with this text. */
function fileOf(text: string): string {
  const path = join(folder(), 'plan.json');
  writeFileSync(path, text);
  return path;
}

const savedText = (one: Planned = planned(converged(), edited), consent = noConsent) =>
  savedPlanText('production', consent, [one]);
const read = (text: string) => readSavedPlan(fileOf(text), assets);

test('come back as they were written, for every kind of plan', () => {
  const hosts: readonly (readonly [ModelHost, HostManifest])[] = [
    [new ModelHost(), whole],
    [converged(), whole],
    [converged(), { ...whole, resources: [] }],
    ...Object.values(edits).map((edit) => [converged(), manifest(edit)] as const),
  ];
  for (const [host, wanted] of hosts) {
    const one = planned(host, wanted, { ...noConsent, adopt: true });
    const { hosts: back, environment } = read(savedText(one));
    assert.is(environment, 'production');
    assert.equal(back[0]?.plan, one.shown);
    assert.is(back[0]?.hash, one.hash);
  }
});

const changed = (change: (saved: Record<string, unknown>) => unknown) => {
  const saved = JSON.parse(savedText()) as Record<string, unknown>;
  return JSON.stringify(change(saved) ?? saved);
};
const firstHost = (saved: Record<string, unknown>) =>
  (saved.hosts as { plan: Record<string, unknown>; hash: string }[])[0]!;

const refused: readonly (readonly [name: string, text: string, code: string, says: RegExp])[] = [
  ['a text that is no JSON', '{"format": 1,', 'plan-file.damaged', /is no JSON/],
  ['JSON of another kind', '[1]', 'plan-file.other', /is no saved plan/],
  ['the JSON that plan prints', '{"environment": "production", "plans": []}', 'plan-file.other', /is no saved plan/],
  [
    'a newer format',
    changed((saved) => ({ ...saved, format: 2, madeBy: '9.1.0' })),
    'plan-file.format',
    /has format 2, made by Fairlead 9\.1\.0; this is \d/,
  ],
  [
    'a missing part',
    changed((saved) => {
      delete firstHost(saved).plan.steps;
    }),
    'plan-file.invalid',
    /is damaged: \/hosts\/0\/plan must have required property 'steps'/,
  ],
  [
    'a part that nobody knows',
    changed((saved) => {
      firstHost(saved).plan.extra = true;
    }),
    'plan-file.invalid',
    /must NOT have additional properties/,
  ],
  [
    'a step that somebody edited',
    changed((saved) => {
      (firstHost(saved).plan.steps as { args: string[] }[])[0]!.args[0] = '/etc/shadow';
    }),
    'plan-file.edited',
    /the plan of web-1 in .* is not as it was written/,
  ],
  [
    'no host',
    changed((saved) => {
      saved.hosts = [];
    }),
    'plan-file.invalid',
    /\/hosts must NOT have fewer than 1 items/,
  ],
];

function problemOf(act: () => unknown): { code: string; message: string; fix: string; exit: number } {
  try {
    act();
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    const { code, message, fix } = error.diagnostics[0]!;
    return { code, message, fix, exit: error.exitCode };
  }
  throw new Error('it was accepted');
}

for (const [name, text, code, says] of refused) {
  test(`are refused with a way out: ${name}`, () => {
    const problem = problemOf(() => read(text));
    assert.is(problem.code, code);
    assert.match(problem.message, says);
    assert.match(problem.fix, /plan again|npm run plan/);
  });
}

test('are refused when the file is not there', () => {
  const problem = problemOf(() => readSavedPlan(join(folder(), 'plan.json'), assets));
  assert.equal([problem.code, problem.exit], ['plan-file.unreadable', 1]);
});

test('say themselves where and what: other options are refused', () => {
  const saved = read(savedText(undefined, { adopt: [site], remove: ['1a2b3c4d'], prune: [] }));
  const options = optionsOf(saved, { file: 'deploy.yaml', json: true }, 'plan.json');
  assert.equal(options, {
    file: 'deploy.yaml',
    json: true,
    env: 'production',
    adopt: [site],
    remove: ['1a2b3c4d'],
    prune: [],
  });
  for (const more of [{ host: ['web-1'] }, { env: 'production' }, { adopt: true as const }, { role: ['app'] }]) {
    const problem = problemOf(() => optionsOf(saved, { file: 'deploy.yaml', ...more }, 'plan.json'));
    assert.equal([problem.code, problem.exit], ['plan-file.options', 7]);
    assert.match(problem.message, `--${Object.keys(more)[0]}`);
  }
});

const stale = (saved: SavedPlan, now: readonly Planned[], failed: Parameters<typeof compareWithSaved>[2] = []) =>
  staleTexts(compareWithSaved(saved, now, failed, (verb, hosts) => `npm run ${verb} ${hosts}`));

test('hold while nothing changed', () => {
  const host = converged();
  assert.is(stale(read(savedText(planned(host, edited))), [planned(host, edited)]).size, 0);
});

test('are stale when an apply had not ended as they were made, and say what to type', () => {
  const before = planned(converged(), edited);
  const cutOff = (unfinished: string): Planned => {
    const shown = { ...before.shown, unfinished };
    return { ...before, shown, hash: planHash(shown) };
  };
  const [first, other] = [cutOff('20260101t000000-abcdef'), cutOff('20260101t000000-fedcba')];
  const saved = read(savedText(first));
  const same = stale(saved, [first]).get('web-1') ?? '';
  assert.match(same, /^the plan was made while apply 20260101t000000-abcdef had not ended, and does not show/);
  assert.match(
    same,
    'it has not ended yet: if it is at work, follow it to its end: npm run attach web-1; if it was cut',
  );
  assert.match(same, 'npm run apply web-1. Nothing was changed: plan again');
  const ended = stale(saved, [before]).get('web-1') ?? '';
  assert.match(ended, 'an apply that had not ended has ended since');
  assert.not.match(ended, 'npm run apply');
  assert.match(stale(saved, [other]).get('web-1') ?? '', 'apply 20260101t000000-fedcba has begun and not ended');
  assert.is(stale(read(savedText(before)), [before]).size, 0, 'the control');
});

test('are stale after a hand edit, and say what it was', () => {
  const host = converged();
  const saved = read(savedText(planned(host, edited)));
  host.paths.set(site, { ...host.paths.get(site)!, sha256: '9'.repeat(64), content: 'by hand\n' });
  assert.match(
    stale(saved, [planned(host, edited)]).get('web-1') ?? '',
    /^the host has changed: file .*notes\.conf\. Nothing was changed: plan again/,
  );
});

test('are done on all hosts or on none', () => {
  const host = converged();
  const one = planned(host, edited);
  const named = (name: string) => ({ ...one, host: { name }, shown: { ...one.shown, host: name } });
  const pair = ['web-1', 'web-2'].map(named).map((each) => ({ ...each, hash: planHash(each.shown) }));
  const saved = read(savedPlanText('production', noConsent, pair));
  assert.is(stale(saved, pair).size, 0, 'the control');
  const gone = stale(saved, pair.slice(0, 1));
  assert.match(gone.get('web-1') ?? '', 'its part of the plan still holds, but not that of web-2');
  assert.match(gone.get('web-2') ?? '', 'the environment has no such host any more');
  const error = failure({ code: 'x.y', subject: 'web-2', message: 'web-2 does not answer', fix: 'x' });
  const failed = stale(saved, pair.slice(0, 1), [{ host: { name: 'web-2' }, error }]);
  assert.match(failed.get('web-2') ?? '', 'web-2 does not answer');
});

test('are what their schema says, which is published', () => {
  const published = JSON.parse(readFileSync(new URL('../../schema/plan.schema.json', import.meta.url), 'utf8'));
  assert.equal(assets.planContract.schema, published);
});

test.run();
