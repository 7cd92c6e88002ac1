/** The Nginx site: values arrive as data, headers are whole at every level, and names meet those of no other project. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import type { UnitResource } from '../../src/resources/resource.ts';
import { isText } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';
import { allOf, type Directive, directivesOf } from './nginx-blocks.ts';

const test = suite('sites');
const assets = await loadAssets();
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA7N0TPEu3Dwyl6Srh2ZltTDBJVd5fGtwI/8IXn0KcW+';

type Section = Readonly<Record<string, unknown>>;

/** The manifest of a host on Debian 13 for a section `proxy`, and for what stands beside it. */
function manifestFor(proxy: Section, beside: Section = {}) {
  const deploy = { name: 'my-shop', app: { source: '.', start: 'node server.js' }, proxy, ...beside };
  const host = { name: 'web-1', address: '192.0.2.1', os: 'debian-13', hostKeys: [key] };
  const json = (path: string, value: unknown) => ({ path, text: JSON.stringify(value) });
  const hosts = [{ environment: 'production', folder: 'web-1', file: json('hosts/production/web-1/host.yaml', host) }];
  const project = { folder: '/nowhere', sources: { deploy: json('deploy.yaml', deploy), hosts } };
  const { spec } = specOf(project, 'production', assets);
  return manifestOf(spec, spec.hosts[0]!, assets);
}

function textOf(manifest: ReturnType<typeof manifestFor>, path: string): string {
  const found = manifest.resources.filter(isText).find((one) => one.path === path);
  return found?.content ?? assert.unreachable(`${path} is not compiled`) ?? '';
}

const siteOf = (proxy: Section, beside: Section = { tls: { provider: 'none' } }) =>
  directivesOf(textOf(manifestFor(proxy, beside), '/etc/nginx/sites-available/my-shop.conf'));

/** What Nginx makes of a word: the variable that stands for a dollar has its value. */
const read = (word: string | undefined) => word?.replaceAll(`$\{fairlead_dollar}`, '$');

const line = fc
  .string({
    unit: fc.oneof(fc.constantFrom(...`"'\\$;{}# %`), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
    minLength: 1,
    maxLength: 60,
  })
  .filter((text) => !/[\p{Cc}\p{Surrogate}\p{Noncharacter_Code_Point}\p{Co}]/u.test(text) && text !== 'off');

const shared = { domains: ['shop.example.com'] };
const users = { auth: { everywhere: true, users: { guest: 'GUEST' } } };
const plain = { tls: { provider: 'none' }, secrets: { GUEST: { from: 'env' } } };

test('free texts arrive as they are', () => {
  fc.assert(
    fc.property(line, line, (policy, realm) => {
      const proxy = { ...shared, headers: { contentSecurityPolicy: policy }, auth: { ...users.auth, realm } };
      const all = allOf(siteOf(proxy, plain));
      const header = all.find(({ words }) => words[1] === 'Content-Security-Policy' && words[0] === 'add_header');
      assert.is(read(header?.words[2]), policy);
      const asked = read(all.find(({ words }) => words[0] === 'auth_basic')?.words[1]);
      assert.is(asked?.replaceAll(/\\(.)/gu, '$1'), realm);
    }),
    { numRuns: 60 },
  );
});

test('the page of maintenance says what the file says', () => {
  fc.assert(
    fc.property(line, (message) => {
      const manifest = manifestFor({ ...shared, maintenance: { enabled: true, message } }, plain);
      const page = textOf(manifest, '/etc/fairlead/my-shop/pages/+maintenance.html');
      const said = page.match(/^<p>([^<>]*)<\/p>$/m)?.[1];
      assert.is(
        said?.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))),
        message,
      );
    }),
    { numRuns: 60 },
  );
});

const cases = fileURLToPath(new URL('../cases/', import.meta.url));

/** All sites that golden cases compile to. */
const goldenSites = readdirSync(cases, { recursive: true, encoding: 'utf8' })
  .filter((path) => /sites-available\/[^/]+\.conf$/.test(path))
  .map((path) => ({ path, text: readFileSync(`${cases}${path}`, 'utf8') }));

const named = (directive: string, block: readonly Directive[]) => block.filter(({ words }) => words[0] === directive);

/** Levels that set a header of a kind but not all that the level above sets. Lines of patches come last and are not counted above. */
function incomplete(directive: string, above: readonly Directive[], block: readonly Directive[]): string[] {
  const own = named(directive, block).map(({ words }) => words.join(' '));
  const lost = own.length === 0 ? [] : above.map(({ words }) => words.join(' ')).filter((one) => !own.includes(one));
  const now = own.length === 0 ? above : named(directive, block);
  return [...lost, ...block.flatMap((one) => incomplete(directive, now, one.block))];
}

const lostIn = (text: string) =>
  ['add_header', 'proxy_set_header'].flatMap((directive) =>
    incomplete(directive, [], directivesOf(text.replaceAll(/^.*X-Served-By.*$/gm, ''))),
  );

for (const { path, text } of goldenSites) {
  test(`no level loses a header: ${path}`, () => assert.equal(lostIn(text), []));
}

test('a level that loses a header would be found', () => {
  const [text = ''] = goldenSites.map((one) => one.text).filter((one) => one.includes('add_header Cache-Control'));
  const lines = text.split('\n');
  const last = lines.findLastIndex((one) => one.includes('add_header X-Content-Type-Options'));
  assert.equal(lostIn(lines.toSpliced(last, 1).join('\n')).length, 1);
});

/** Names that a site defines for the whole of Nginx. */
const definitions = (site: readonly Directive[]): string[] =>
  site.flatMap(({ words: [directive = '', ...words] }) => {
    if (directive === 'upstream' || directive === 'log_format') return [words[0] ?? ''];
    if (directive === 'geo' || directive === 'map') return [words.at(-1)?.slice(1) ?? ''];
    const zone = words.find((word) => word.startsWith('zone='));
    return zone ? [zone.slice('zone='.length).split(':')[0] ?? ''] : [];
  });

test('names carry that of the project', () => {
  const site = siteOf(
    {
      ...shared,
      ...users,
      deny: ['192.0.2.1'],
      allow: ['192.0.2.0/24'],
      maintenance: { enabled: true },
      loadBalancer: { addresses: ['10.0.0.1'] },
      cors: { origins: ['https://www.example.com'], credentials: true },
      static: [{ path: '/assets/', folder: 'public' }],
      cdn: 'https://cdn.example.com',
      limits: { rate: '5r/s' },
      routes: [{ path: '/login', rate: '1r/m' }],
    },
    { ...plain, observability: { metrics: { enabled: true } } },
  );
  const foreign = definitions(site).filter((name) => !/^my_shop(_|$)/.test(name));
  assert.equal(foreign, ['fairlead_dollar']);
  assert.ok(definitions(site).length > 15);
});

const unitOf = (proxy: Section, beside: Section) =>
  manifestFor(proxy, beside).resources.find((one): one is UnitResource => one.id === 'unit:nginx.service');

const checks: readonly (readonly [string, Section, Section, UnitResource['check']])[] = [
  ['plain', shared, plain, { port: 80, host: 'shop.example.com', path: '/readyz' }],
  [
    'with TLS and a wildcard',
    { domains: ['*.example.com'], httpsPort: 8443 },
    {
      tls: {
        provider: 'acme',
        email: 'a@example.com',
        server: 'https://ca.example.com/d',
        challenge: 'dns',
        dnsHook: 'hook.js',
      },
    },
    { port: 8443, host: 'www.example.com', path: '/readyz', tls: true },
  ],
  ['under maintenance', { ...shared, maintenance: { enabled: true } }, plain, undefined],
  ['behind a password', { ...shared, ...users }, plain, undefined],
  ['for few addresses', { ...shared, allow: ['192.0.2.1'] }, plain, undefined],
  [
    'behind the PROXY protocol',
    { ...shared, loadBalancer: { addresses: ['10.0.0.1'], protocol: 'proxy' } },
    plain,
    undefined,
  ],
];

for (const [name, proxy, beside, check] of checks) {
  test(`the check over loopback of a site ${name}`, () => {
    const unused = 'auth' in proxy ? beside : { ...beside, secrets: {} };
    assert.equal(unitOf(proxy, unused)?.check, check);
  });
}

test('only the sandbox asks for a restart', () => {
  const inputs = unitOf(shared, { ...plain, secrets: {} })?.inputs ?? [];
  const restarts = inputs.filter(({ effect }) => effect === 'restart').map(({ id }) => id);
  assert.equal(restarts, ['file:/etc/systemd/system/nginx.service.d/fairlead.conf']);
  assert.ok(inputs.some(({ id }) => id === 'file:/etc/nginx/nginx.conf'));
});

test('a project that does not set up the host leaves its main file alone', () => {
  const { resources } = manifestFor(shared, { ...plain, secrets: {}, host: { manage: false } });
  const paths = resources.flatMap((one) => ('path' in one ? [one.path] : []));
  assert.not(paths.some((path) => path === '/etc/nginx/nginx.conf' || path.startsWith('/etc/systemd/system/nginx')));
  assert.ok(paths.includes('/etc/nginx/sites-available/my-shop.conf'));
});

test.run();
