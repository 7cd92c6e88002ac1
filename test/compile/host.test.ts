/** What hosts are besides running the program, and who may reach what. */
import * as assert from 'uvu/assert';
import { compile } from '../../src/compile/compile.ts';
import { releases } from '../../src/compile/targets.ts';
import { specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { suite } from '../support/suite.ts';

const assets = await loadAssets();
const test = suite('the host baseline');

const program = 'name: notes\napp: {source: service, start: node dist/server.js, network: true}\n';
const site = 'proxy: {domains: [notes.example.com]}\ntls: {email: ops@example.com}\n';
const data = 'database: {engine: postgres, password: DB}\nbackups: {engine: none}\nsecrets: {DB: {from: env}}\n';

interface Host {
  readonly name: string;
  readonly more?: string;
  readonly os?: string;
}

/** Files by path, and ids of units, of the first of some hosts. */
function compiled(deploy: string, hosts: readonly Host[] = [{ name: 'web-1' }]) {
  const sources = {
    deploy: { path: 'deploy.yaml', text: deploy },
    hosts: hosts.map(({ name, more = '', os = 'debian-12' }, index) => ({
      environment: 'production',
      folder: name,
      file: {
        path: `hosts/production/${name}/host.yaml`,
        text: `name: ${name}\naddress: 192.0.2.${index + 1}\nprivateAddress: 10.0.0.${index + 1}\nos: ${os}\nhostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G]\n${more}`,
      },
    })),
  };
  const { spec } = specOf({ folder: '/nowhere', sources }, 'production', assets);
  const manifest = compile({ spec, host: spec.hosts[0]!, templates: assets.templates });
  const files = new Map(
    manifest.resources.flatMap((one) => ('content' in one ? [[one.path, one.content] as const] : [])),
  );
  return { manifest, files, ids: manifest.resources.map(({ id }) => id) };
}

/** The rules of the packet filter that name a port of TCP or UDP, but for DHCP. */
const openings = (deploy: string, hosts?: readonly Host[]) =>
  (compiled(deploy, hosts).files.get('/etc/fairlead/firewall.nft') ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /(tcp|udp) dport/.test(line) && !/udp sport/.test(line));

const reached: readonly (readonly [string, string, readonly Host[], readonly string[]])[] = [
  [
    'a host without a site opens SSH alone',
    `${program}tls: {provider: none}`,
    [{ name: 'web-1' }],
    ['tcp dport 22 jump ssh'],
  ],
  [
    'the port of host.yaml and the usual one lead to SSH',
    `${program}tls: {provider: none}\nhost: {ssh: {allow: ['2001:db8::/32']}}`,
    [{ name: 'web-1', more: 'port: 2222' }],
    ['ip6 saddr 2001:db8::/32 tcp dport 2222 jump ssh', 'ip6 saddr 2001:db8::/32 tcp dport 22 jump ssh'],
  ],
  [
    'a proxy opens its ports to everybody',
    program + site,
    [{ name: 'web-1' }],
    ['tcp dport 22 jump ssh', 'tcp dport 80 accept', 'tcp dport 443 accept'],
  ],
  [
    'a program opens its ports to proxies on other hosts alone',
    program + site,
    [
      { name: 'app-1', more: 'roles: [app]' },
      { name: 'proxy-1', more: 'roles: [proxy]' },
      { name: 'proxy-2', more: 'roles: [proxy, app]' },
    ],
    ['tcp dport 22 jump ssh', 'ip saddr 10.0.0.2 tcp dport 3000-3001 accept'],
  ],
  [
    'a database opens its port to hosts that use it alone',
    `${program}tls: {provider: none}\n${data}`,
    [
      { name: 'data-1', more: 'roles: [database]' },
      { name: 'app-1', more: 'roles: [app]' },
    ],
    ['tcp dport 22 jump ssh', 'ip saddr 10.0.0.2 tcp dport 5432 accept'],
  ],
];

for (const [name, deploy, hosts, expected] of reached)
  test(name, () => assert.equal(openings(deploy, hosts), expected));

test('a firewall that is switched off takes its table away', () => {
  const off = compiled(`${program}tls: {provider: none}\nhost: {firewall: {enabled: false}}`).files;
  const statements = off
    .get('/etc/fairlead/firewall.nft')!
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  assert.equal(statements, ['table inet fairlead', 'delete table inet fairlead']);
});

test('a host that another project manages gets nothing of the host itself', () => {
  const hostWide = /fairlead-|ssh\.service|journald|sysctl|unattended|nftables|openssh/;
  const { ids, manifest } = compiled(`${program}tls: {provider: none}\nhost: {manage: false}`);
  assert.equal(
    ids.filter((id) => hostWide.test(id) && !id.includes('fairlead-notes')),
    [],
  );
  assert.equal(manifest.companions, []);
  const managed = compiled(`${program}tls: {provider: none}`);
  assert.ok(managed.ids.filter((id) => hostWide.test(id)).length > 5, 'the control');
});

test('a kernel setting of the file takes the place of the same one of Fairlead', () => {
  const setting = 'host: {sysctl: [{name: net.core.somaxconn, value: "8192"}]}';
  const text = compiled(`${program}tls: {provider: none}\n${setting}`).files.get('/etc/sysctl.d/60-fairlead.conf')!;
  assert.equal(text.match(/^.*somaxconn.*$/gm), ['net.core.somaxconn = 8192']);
});

test('updates come from the archive of the release alone', () => {
  for (const os of releases) {
    const text = compiled(`${program}tls: {provider: none}`, [{ name: 'web-1', os }]).files.get(
      '/etc/apt/apt.conf.d/52fairlead-upgrades',
    )!;
    const [mine, other] = os.startsWith('debian')
      ? ['origin=Debian', 'origin=Ubuntu']
      : ['origin=Ubuntu', 'origin=Debian'];
    assert.ok(text.includes(mine) && !text.includes(other), os);
  }
});

test('old names of time zones bring the package that has them, where it is one of its own', () => {
  const zone = (os: string, name: string) =>
    compiled(`${program}tls: {provider: none}\nhost: {timezone: ${name}}`, [{ name: 'web-1', os }]).ids;
  assert.ok(zone('debian-13', 'Europe/Berlin').includes('package:tzdata-legacy'));
  assert.not(zone('debian-13', 'UTC').includes('package:tzdata-legacy'));
  assert.not(zone('debian-12', 'Europe/Berlin').includes('package:tzdata-legacy'));
});

test('the monitor is there when somebody is told, and looks at what the host has', () => {
  const alerts = 'observability: {alerts: {webhook: HOOK}}\n';
  const { files } = compiled(`${program}${site}${alerts}secrets: {HOOK: {from: env}}`);
  const settings = files.get('/etc/fairlead/notes/monitor.env')!;
  assert.match(settings, 'CERTIFICATE="/etc/fairlead/notes/tls/fullchain.pem"');
  assert.match(settings, 'BACKUP_STATUS=""');
  assert.not(
    [...compiled(program + site).files.keys()].some((path) => path.includes('monitor')),
    'the control',
  );
});

test.run();
