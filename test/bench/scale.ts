/** Projects of any size, for measuring how cost grows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G';

/** A file that uses most sections, with as many domains. */
const deployFile = (domains: number) => ({
  name: 'big-shop',
  app: {
    source: '.',
    network: true,
    env: Object.fromEntries(numbers(30).map((number) => [`SETTING_${number}`, `value "${number}" of $thirty`])),
    secrets: ['SESSION_KEY'],
    workers: { mail: { command: 'node dist/mail.js', network: true } },
    jobs: { cleanup: { command: 'node dist/cleanup.js', schedule: '30 3 * * *', network: true } },
  },
  proxy: {
    domains: numbers(domains).map((number) => `shop-${number}.example.com`),
    routes: numbers(20).map((number) => ({ path: `/route-${number}/`, bodyLimit: '1g' })),
    redirects: numbers(20).map((number) => ({ from: `/old-${number}`, to: `/new-${number}` })),
    cors: { origins: numbers(20).map((number) => `https://partner-${number}.example.com`) },
  },
  tls: { email: 'ops@example.com' },
  database: { engine: 'postgres', password: 'DB_PASSWORD', maxConnections: 9000, pool: { max: 5 } },
  backups: { encryption: 'BACKUP_PASSPHRASE' },
  secrets: Object.fromEntries(
    ['SESSION_KEY', 'DB_PASSWORD', 'BACKUP_PASSPHRASE'].map((name) => [name, { from: 'env' }]),
  ),
});

/** One database host, one proxy and one worker in ten hosts, and the program on all others. */
const rolesOf = (number: number) => [number === 1 ? 'database' : ({ 2: 'worker', 3: 'proxy' }[number % 10] ?? 'app')];

const hostFile = (number: number) => ({
  name: `host-${number}`,
  address: `192.0.${Math.floor(number / 250)}.${(number % 250) + 1}`,
  privateAddress: `10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`,
  os: number % 2 === 0 ? 'debian-12' : 'debian-13',
  hostKeys: [hostKey],
  roles: rolesOf(number),
  memory: number === 1 ? '64G' : '4G',
});

/** Files by path of a project with so many hosts in the environment production, and so many domains. */
export function scaledProject(hosts: number, domains = 50): Map<string, string> {
  const files = numbers(hosts).map((number): [string, string] => [
    `hosts/production/host-${number}/host.yaml`,
    stringify(hostFile(number)),
  ]);
  return new Map([['deploy.yaml', stringify(deployFile(domains))], ...files]);
}

/** Writes such a project to a folder that ends with this process, and returns the folder. */
export function writeScaledProject(hosts: number): string {
  const folder = mkdtempSync(join(tmpdir(), `fairlead-scale-${hosts}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of scaledProject(hosts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
