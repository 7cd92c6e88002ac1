/** What a hash stands for, and why a saved plan does not hold any more. */
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { manifestJson } from '../../src/compile/manifest.ts';
import { sha256 } from '../../src/plan/digest.ts';
import { driftOf } from '../../src/plan/drift.ts';
import { planHash } from '../../src/plan/hash.ts';
import { type Dated, whatDiffers } from '../../src/plan/staleness.ts';
import { suite } from '../support/suite.ts';
import { edits, manifest } from './manifests.ts';
import { ModelHost } from './model-host.ts';

const test = suite('a plan that was made before');
const whole = manifest();
const edited = manifest(edits.bodyLimit);
const site = '/etc/nginx/sites-available/notes.conf';
const tmpfiles = '/etc/tmpfiles.d/notes.conf';

function converged(): ModelHost {
  const host = new ModelHost();
  host.converge(whole);
  return host;
}

const dated = (host: ModelHost, wanted: HostManifest): Dated => ({
  plan: host.plan(wanted),
  manifest: sha256(manifestJson(wanted)),
});

test('has the same hash while nothing changed, also when lines of deploy.yaml moved', () => {
  const host = converged();
  const moved = manifest({ replace: [[/bodyLimit: 20m/, '# a comment\n  bodyLimit: 50m']] });
  assert.is(planHash(host.plan(edited)), planHash(host.plan(edited)));
  assert.is(planHash(host.plan(moved)), planHash(host.plan(edited)));
  assert.match(planHash(host.plan(edited)), /^[0-9a-f]{64}$/);
});

type Event = (host: ModelHost) => HostManifest;
const byHand = (host: ModelHost, path: string) =>
  host.paths.set(path, { ...host.paths.get(path)!, sha256: '9'.repeat(64), content: 'by hand\n' });

const events: readonly (readonly [name: string, happens: Event, says: RegExp])[] = [
  [
    'another apply came in between',
    (host) => {
      host.serial += 1;
      return edited;
    },
    /another apply came in between \(the record was at 1 and is at 2\)/,
  ],
  [
    'a file was edited on the host that the plan does not touch',
    (host) => {
      byHand(host, tmpfiles);
      return edited;
    },
    /^the host has changed: file \/etc\/tmpfiles\.d\/notes\.conf$/,
  ],
  [
    'a file was edited on the host that the plan writes',
    (host) => {
      byHand(host, site);
      return edited;
    },
    /^the host has changed: file \/etc\/nginx/,
  ],
  [
    'deploy.yaml was edited',
    () => manifest({ replace: [[/bodyLimit: 20m/, 'bodyLimit: 51m']] }),
    /compiles to something else: file \/etc\/nginx/,
  ],
  [
    'the source was edited',
    () => manifest({ ...edits.bodyLimit, source: 'two' }),
    /compiles to something else: .*release notes/,
  ],
];

for (const [name, happens, says] of events) {
  test(`says why it does not hold: ${name}`, () => {
    const host = converged();
    const saved = dated(host, edited);
    const now = dated(host, happens(host));
    assert.is.not(planHash(now.plan), planHash(saved.plan));
    assert.match(whatDiffers(saved, now).join('; '), says);
  });
}

test('names a few resources and counts the rest', () => {
  const host = converged();
  const saved = dated(host, edited);
  for (const one of whole.resources.filter(({ kind }) => kind === 'file')) byHand(host, one.id.slice('file:'.length));
  assert.match(whatDiffers(saved, dated(host, edited)).join('; '), /(file \S+, ){2}file \S+ and \d+ more$/);
});

test('drift is what the host changed, and not what deploy.yaml changed', () => {
  const host = converged();
  byHand(host, tmpfiles);
  const names = (wanted: HostManifest) => driftOf(host.plan(wanted)).drifted.map(({ name }) => name);
  assert.equal(names(whole), [tmpfiles]);
  assert.equal(names(edited), [tmpfiles]);
  assert.equal(driftOf(converged().plan(edited)).drifted, [], 'an edit of the file is none');
  byHand(host, site);
  assert.equal(names(edited).sort(), [site, tmpfiles].sort());
  const both = host.plan(edited).changes.find(({ name }) => name === site)!;
  assert.equal(both.touched, ['content']);
  assert.match(both.reason, 'and deploy.yaml changed too');
});

test('drift counts what was removed, what left the file, and what cannot be read', () => {
  const host = converged();
  host.paths.delete(tmpfiles);
  host.unreadable.set(`paths:${site}`, 'Permission denied');
  const { drifted, unknown, kept } = driftOf(host.plan(whole));
  assert.equal([drifted.map(({ name }) => name), unknown.map(({ name }) => name)], [[tmpfiles], [site]]);
  assert.is(kept, whole.resources.length - 2);
  const other = converged();
  byHand(other, '/etc/nginx/sites-available/notes.conf');
  const left = driftOf(other.plan(manifest(edits.noProxy))).drifted;
  assert.equal(
    left.map(({ name, action }) => [name, action]),
    [[site, 'delete']],
  );
  assert.match(left[0]!.reason, 'what changed on the host since the last apply goes with it (content)');
});

test.run();
