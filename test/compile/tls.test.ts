/** Certificates: the names that they hold, what each Certbot is asked, and who needs whom. */
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { releases } from '../../src/compile/targets.ts';
import { certificateNames } from '../../src/compile/tls/names.ts';
import { placeholderUnitId, tlsPlaces } from '../../src/compile/tls/places.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { isText, type UnitResource } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';

const test = suite('certificates');
const assets = await loadAssets();

/** One environment with one host that does everything. */
function specWith(sections: string, os = 'debian-13') {
  const deploy = { path: 'deploy.yaml', text: `name: notes\napp: { source: . }\n${sections}` };
  const text = `name: web-1\naddress: 192.0.2.1\nos: ${os}\nhostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G]\n`;
  const hosts = [
    { environment: 'production', folder: 'web-1', file: { path: 'hosts/production/web-1/host.yaml', text } },
  ];
  return specOf({ folder: '/nowhere', sources: { deploy, hosts } }, 'production', assets).spec;
}

function manifestWith(sections: string, os?: string): HostManifest {
  const spec = specWith(sections, os);
  return manifestOf(spec, spec.hosts[0]!, assets);
}

const contentOf = (manifest: HostManifest, path: string) =>
  manifest.resources.filter(isText).find((file) => file.path === path)?.content ?? '';

const places = tlsPlaces('notes');
const site = 'proxy: { domains: [notes.example.com] }\n';
const encrypted = `${site}tls: { email: ops@example.com }\n`;

const names: readonly (readonly [string, string, readonly string[]])[] = [
  ['of one domain', 'domains: [a.example.com]', ['a.example.com']],
  ['with their twins', 'domains: [example.com]\n  www: drop', ['example.com', 'www.example.com']],
  ['with the main name first', 'domains: [example.com]\n  www: add', ['www.example.com', 'example.com']],
  [
    'without what a wildcard covers',
    "domains: ['*.example.com', example.com, a.example.com, b.a.example.com]",
    ['*.example.com', 'example.com', 'b.a.example.com'],
  ],
  [
    'with names that only redirect',
    'domains: [a.example.com]\n  redirects: [{ domain: old.example.com, to: "https://a.example.com" }]',
    ['a.example.com', 'old.example.com'],
  ],
];

for (const [title, proxy, wanted] of names) {
  test(`hold the names ${title}`, () => {
    const spec = specWith(`proxy:\n  ${proxy}\ntls: { provider: none }\n`);
    assert.equal(
      certificateNames(spec).map(({ name }) => name),
      wanted,
    );
  });
}

test('are there before Nginx starts, and real ones come after it', () => {
  const { resources } = manifestWith(encrypted);
  const unit = (id: string) => resources.find((resource) => resource.id === id);
  assert.ok(unit('unit:nginx.service')?.needs.includes(placeholderUnitId('notes')));
  assert.ok(unit(`unit:${places.units.certificate}`)?.needs.includes('unit:nginx.service'));
});

test('are only attempted where somebody else’s server has to agree, and their timer does not wait for them', () => {
  const unit = (tls: string, name: string) => {
    const found = manifestWith(`${site}tls: ${tls}\nsecrets: { C: { from: env }, K: { from: env } }\n`).resources;
    return found.find((one): one is UnitResource => one.id === `unit:${name}`);
  };
  const { certificate, timer } = places.units;
  assert.is(unit('{ email: ops@example.com }', certificate)?.attempted, true);
  assert.not.ok(unit('{ email: ops@example.com }', timer)?.needs.includes(`unit:${certificate}`));
  for (const tls of ['{ provider: files, certificate: C, key: K }', '{ provider: self-signed }'])
    assert.is(unit(tls, certificate)?.attempted, undefined, tls);
  assert.ok(unit('{ provider: self-signed }', timer));
  assert.not.ok(unit('{ provider: files, certificate: C, key: K }', timer));
});

test('are nobody’s business without a site, and without TLS', () => {
  const isOfTls = ({ id }: { id: string }) => id.includes('notes-certificate') || id === 'package:certbot';
  assert.not.ok(manifestWith('tls: { email: ops@example.com }\n').resources.some(isOfTls));
  assert.not.ok(manifestWith(`${site}tls: { provider: none }\n`).resources.some(isOfTls));
  assert.ok(manifestWith(encrypted).resources.some(isOfTls), 'the control');
});

test('are asked for with a profile only where Certbot knows profiles', () => {
  const profiled = `${site}tls: { email: ops@example.com, profile: tlsserver }\n`;
  assert.match(contentOf(manifestWith(profiled), places.request), 'preferred-profile = tlsserver');
  for (const os of releases) assert.not.match(contentOf(manifestWith(encrypted, os), places.request), 'profile');
});

test('have the key that the file says on every release, whatever Certbot would make', () => {
  for (const os of releases)
    assert.match(contentOf(manifestWith(encrypted, os), places.environment), 'KEY_TYPE="ecdsa"');
});

test('of a test server never take the place of real ones', () => {
  const lineage = (tls: string) =>
    contentOf(manifestWith(`${site}tls: { email: a@example.com, ${tls} }\n`), places.environment).match(
      /LINEAGE="(.*)"/,
    )?.[1];
  const of = (server: string) => lineage(`provider: acme, server: "${server}"`);
  const all = [lineage(''), lineage('staging: true'), of('https://a.example.com'), of('https://b.example.com')];
  assert.is(new Set(all).size, all.length, all.join());
  assert.is(all[0], 'notes');
});

test('are rehearsed on the staging server before the real one is asked', () => {
  assert.match(contentOf(manifestWith(encrypted), places.environment), 'REHEARSE="yes"');
  const staging = `${site}tls: { email: ops@example.com, staging: true }\n`;
  assert.match(contentOf(manifestWith(staging), places.environment), 'REHEARSE="no"');
});

test('never force a renewal', () => {
  const texts = manifestWith(encrypted)
    .resources.filter(isText)
    .map(({ content }) => content);
  assert.not.ok(texts.some((text) => /force-renew|break-my-certs/.test(text)));
  assert.ok(
    texts.some((text) => text.includes('--keep-until-expiring')),
    'the control',
  );
});

test.run();
