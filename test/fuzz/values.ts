/**
 * What generated files hold where the schema alone would only yield noise: values that make sense often enough for whole files
 * to be valid, and noise that the pattern allows now and then, because that must be refused with a place or arrive.
 */
import fc from 'fast-check';
import { hostCommand, hostileLine } from './texts.ts';

type Values = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const octet = fc.integer({ min: 0, max: 255 });
const ip4 = fc.tuple(fc.constantFrom(10, 172, 192, 203), octet, octet, octet).map((parts) => parts.join('.'));
const ip6 = fc.integer({ min: 1, max: 65535 }).map((last) => `2001:db8::${last.toString(16)}`);
const blockOf = ([base, prefix]: [number, number]) => `10.${base}.0.0/${prefix}`;

/** Public keys that ssh-keygen reads: the kind and 32 bytes, each behind its length (RFC 8709, section 4). */
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
  const kind = Buffer.from('ssh-ed25519');
  const blob = Buffer.concat([Buffer.from([0, 0, 0, kind.length]), kind, Buffer.from([0, 0, 0, 32]), bytes]);
  return `ssh-ed25519 ${blob.toString('base64')}`;
});

const field = (min: number, max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: fc.integer({ min, max }).map(String) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 15 }).map((step) => `*/${step}`) },
    { weight: 1, arbitrary: fc.constant(`${min}-${max}`) },
    { weight: 1, arbitrary: fc.constant(`${min},${max}`) },
  );

const schedule = fc.oneof(
  fc.constantFrom('@hourly', '@daily', '@weekly', '@monthly', '30 3 * * *', '0 5 * * 0', '*/10 * * * MON-FRI'),
  fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map((fields) => fields.join(' ')),
);

/** Values by the name of the definition that a key refers to. */
export const byDefinition: Values = {
  duration: fc.constantFrom('1s', '5s', '30s', '90s', '1m', '5m', '15m', '1h', '2h', '1d', '7d', '30d', '500ms'),
  memorySize: fc.constantFrom('64M', '128M', '256M', '512M', '1G', '2G'),
  byteSize: fc.constantFrom('1k', '512k', '1m', '20m', '1g', '1048576'),
  urlPath: fc.oneof(
    fc.constantFrom('/', '/readyz', '/api/', '/upload/', '/a.b/~c'),
    fc.stringMatching(/^(\/[a-z0-9._~-]{1,12}){1,3}\/?$/),
  ),
  domain: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?\.example\.(com|org)$/),
  domainOrWildcard: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?\.example\.(com|org)$/),
  network: fc.oneof(ip4, ip6, fc.tuple(octet, fc.integer({ min: 16, max: 24 })).map(blockOf)),
  hostName: fc.oneof(ip4, fc.stringMatching(/^[a-z0-9]{1,10}\.internal\.example\.com$/)),
  url: fc.constantFrom('https://www.example.com', 'https://api.example.com:8443/a/b?c=d&e=f', 'http://10.0.0.7/x'),
  email: fc.constantFrom('ops@example.com', 'a.b+c@mail.example.org'),
  schedule,
  rate: fc.constantFrom('1r/s', '10r/s', '50r/s', '30r/m', '600r/m'),
  port: fc.integer({ min: 1024, max: 60000 }),
  line: hostileLine,
};

/** A line of each patch that its program takes. */
const foreign = (...lines: string[]) =>
  fc.uniqueArray(fc.constantFrom(...lines), { maxLength: 2 }).map((chosen) => [...chosen]);

const setting = (entries: Readonly<Record<string, readonly string[]>>) =>
  fc
    .constantFrom(...Object.entries(entries))
    .chain(([name, values]) => fc.constantFrom(...values).map((value) => ({ name, value })));

const described = (source: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc
    .tuple(fc.record(source), fc.option(hostileLine, { nil: undefined }))
    .map(([known, description]) => (description === undefined ? { ...known } : { ...known, description }));

/** The source of a secret, with the keys that fit it. */
const secret = fc.oneof(
  described({ from: fc.constant('env'), variable: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/) }),
  described({ from: fc.constant('generated'), bytes: fc.integer({ min: 16, max: 1024 }) }),
  described({ from: fc.constant('age') }),
  fc.record({ from: fc.constant('file'), path: fc.constantFrom('.secrets/one', 'a b/c') }, { noNullPrototype: true }),
  fc.record({ from: fc.constant('command'), command: fc.constant("op read 'op://a b/$c'") }, { noNullPrototype: true }),
);

/** Values by key; they go before those of definitions. `[]` stands for an item of a list, `*` for a name of the user's choice. */
export const byKey: Values = {
  'app.start': hostCommand,
  'app.migrations': hostCommand,
  'app.workers.*.command': hostCommand,
  'app.jobs.*.command': hostCommand,
  'ci.environment': fc.constant('production'),
  'app.build': hostileLine,
  'ci.check': hostileLine,
  'containers.developmentCommand': hostileLine,
  'app.source': fc.constantFrom('.', 'service', 'packages/web app', 'a/b@c+d'),
  'app.instances': fc.integer({ min: 1, max: 4 }),
  'app.workers.*.instances': fc.integer({ min: 1, max: 4 }),
  'app.port': fc.constantFrom(3000, 4000, 5000, 8000),
  'app.network': fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  'proxy.port': fc.constantFrom(80, 8080),
  'proxy.httpsPort': fc.constantFrom(443, 8443),
  'proxy.routes.[].to': fc.constantFrom('app', 'http://127.0.0.1:9000', 'http://10.0.0.9'),
  'proxy.redirects.[].to': fc.constantFrom('/new', 'https://www.example.com/new', 'https://www.example.com'),
  'database.name': fc.constantFrom('notes', 'notes_2', 'big-shop'),
  'database.version': fc.constantFrom(14, 15, 16, 17, 18),
  'database.maxConnections': fc.integer({ min: 400, max: 2000 }),
  'database.pool.max': fc.integer({ min: 2, max: 20 }),
  'database.pool.min': fc.integer({ min: 0, max: 2 }),
  'database.settings.[]': setting({
    log_min_duration_statement: ['250ms', '-1'],
    default_statistics_target: ['200'],
    'pg_stat_statements.max': ['5000'],
    application_name: ["it's", 'a # b', '$HOME'],
  }),
  'secrets.*': secret,
  'host.sysctl.[]': setting({ 'net.core.somaxconn': ['8192'], 'kernel.pid_max': ['65536'], 'vm.swappiness': ['10'] }),
  'host.timezone': fc.constantFrom('UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Pacific/Auckland'),
  'host.packages.[]': fc.constantFrom('htop', 'jq', 'rsync', 'strace'),
  'host.admins.*.[]': key,
  'patches.nginx.http': foreign('map $http_x_tenant $fuzz_tenant { default main; }'),
  'patches.nginx.server': foreign(
    'add_header X-Served-By "it\'s # $host" always;',
    'large_client_header_buffers 4 8k;',
  ),
  'patches.nginx.location': foreign('proxy_buffers 16 16k;', 'proxy_buffer_size 16k;'),
  'patches.nginx.main': foreign('open_file_cache max=1000;'),
  'patches.systemd.web': foreign('Nice=5', 'CPUWeight=50'),
  'patches.systemd.worker': foreign('CPUWeight=50', 'Nice=10'),
  'patches.systemd.job': foreign('IOSchedulingClass=idle', 'Nice=15'),
  'patches.postgres': foreign('autovacuum_naptime = 30s', "log_line_prefix = '%m [%p] #'"),
  'patches.redis': foreign('timeout 300', 'tcp-keepalive 60'),
  'patches.sshd': foreign('AllowUsers root deploy ada', 'ClientAliveInterval 60'),
  'patches.firewall': foreign('ip protocol gre accept', 'tcp dport 9200 accept comment "it is; # fine"'),
};

/** Values of host.yaml by key. */
export const ofHosts: Values = {
  address: fc.oneof(
    fc.integer({ min: 1, max: 254 }).map((last) => `192.0.2.${last}`),
    fc.stringMatching(/^[a-z0-9]{1,10}\.hosts\.example\.com$/),
  ),
  privateAddress: fc.integer({ min: 1, max: 254 }).map((last) => `10.0.0.${last}`),
  'hostKeys.[]': key.chain((text) => fc.constantFrom(text, `@cert-authority ${text}`)),
  'jump.address': fc.stringMatching(/^[a-z0-9]{1,10}\.hosts\.example\.com$/),
  'jump.user': fc.constantFrom('jump', 'deploy'),
  'jump.hostKeys.[]': key,
  port: fc.constantFrom(22, 2222),
  user: fc.constantFrom('root', 'deploy'),
  cpus: fc.integer({ min: 2, max: 16 }),
  memory: fc.constantFrom('4G', '8G', '16G'),
};
