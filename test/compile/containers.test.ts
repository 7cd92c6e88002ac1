/** Containers: what the Compose files and the Dockerfile say, and that no value leaves its place. */
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { releases } from '../../src/compile/targets.ts';
import type { ResolvedHostFile } from '../../src/spec/types.ts';
import { suite } from '../support/suite.ts';
import { validateCompose } from '../validators/compose.ts';
import { hostFiles, projectFiles, specFrom } from './projects.ts';

const test = suite('containers');

const hostile = `it's $5 \${HOME} $$ "quoted" \\ # ; {{x}} %d`;

const project = `name: notes
app:
  source: service
  runtime: compose
  image: ghcr.io/example/notes
  build: ${JSON.stringify(`echo ${hostile} <<EOF`)}
  start: node server.js '$HOME \${X}' "a b"
  instances: 2
  env: { HOSTILE: ${JSON.stringify(hostile)}, LINES: "one\\ntwo", YES: "yes", NUMBER: "0x1F" }
  secrets: [SESSION_KEY]
  migrations: node migrate.js
  workers: { mail: { command: node mail.js, network: true } }
  jobs: { cleanup: { command: node cleanup.js, schedule: 30 3 * * * } }
proxy: { domains: [notes.example.com] }
tls: { provider: none }
database: { engine: postgres, placement: compose, password: DB_PASSWORD, extensions: [pg_trgm] }
cache: { engine: redis, placement: compose, password: CACHE_PASSWORD }
backups: { engine: none }
secrets: { SESSION_KEY: { from: generated }, DB_PASSWORD: { from: generated }, CACHE_PASSWORD: { from: generated } }
containers: { development: true, memory: 1G }
`;

interface Service {
  readonly command: readonly string[];
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}
interface ComposeFile {
  readonly name?: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { file: string }>>;
}

const composeText = (os: ResolvedHostFile['os'], text = project) =>
  hostFiles(specFrom(text, os)).get('/etc/fairlead/notes/compose.yaml') ?? '';
const compose = (os: ResolvedHostFile['os'] = 'debian-13') => parse(composeText(os)) as ComposeFile;
/** What Compose makes of a text: two dollars are one. */
const interpolated = (text: string | undefined) => text?.replaceAll('$$', '$');

for (const os of releases) {
  test(`${os}: the Compose file follows the specification`, () => {
    assert.equal(validateCompose(composeText(os)), []);
    assert.equal(
      validateCompose(projectFiles(specFrom(project, os)).get('containers/compose.development.yaml') ?? ''),
      [],
    );
  });
}

test('the schema of the specification finds mistakes', () => {
  assert.is.not(validateCompose('services: { a: { image: x, imge: y } }').length, 0);
  assert.is.not(validateCompose('services: { a: { image: x, ports: 80 } }').length, 0);
  assert.equal(validateCompose('services: { a: { image: x } }'), [], 'the control');
});

test('only Compose that knows them gets a name and a start interval', () => {
  const has = (os: ResolvedHostFile['os']) => [
    compose(os).name !== undefined,
    composeText(os).includes('start_interval'),
  ];
  assert.equal(Object.fromEntries(releases.map((os) => [os, has(os)])), {
    'debian-12': [false, false],
    'debian-13': [true, true],
    'ubuntu-22.04': [false, false],
    'ubuntu-24.04': [true, false],
  });
});

test('values arrive as they are', () => {
  const { environment, command, entrypoint } = compose().services['web-1']!;
  assert.is(interpolated(environment.HOSTILE), hostile);
  assert.equal([environment.LINES, environment.YES, environment.NUMBER], ['one\ntwo', 'yes', '0x1F']);
  assert.equal(command.map(interpolated), ['server.js', '$HOME \u0024{X}', 'a b']);
  assert.equal(entrypoint, ['node', '--max-old-space-size=768']);
});

test('the only variable that Compose fills in is the image', () => {
  const variables = composeText('debian-13').replaceAll('$$', '').match(/\$.*/g) ?? [];
  assert.equal([...new Set(variables)], ['\u0024{IMAGE:?it is set in image.env}']);
});

test('every container is confined, and only the program is published, on loopback', () => {
  for (const [name, service] of Object.entries(compose().services)) {
    const { read_only, cap_drop, security_opt, user } = service as Record<string, unknown>;
    assert.equal(
      { read_only, cap_drop, security_opt },
      { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
      name,
    );
    assert.ok(user === '10001:10001' || user === '999:999', name);
    assert.is(service.cap_add, undefined, name);
    assert.is(service.privileged, undefined, name);
  }
  const published = Object.entries(compose().services).filter(([, { ports }]) => ports);
  assert.equal(
    published.map(([name, { ports }]) => [name, ports]),
    [
      ['web-1', ['127.0.0.1:3000:3000']],
      ['web-2', ['127.0.0.1:3001:3000']],
    ],
  );
});

test('processes reach out only when they may', () => {
  const { services } = compose();
  assert.equal(services['worker-mail-1']?.networks, ['default', 'internal']);
  assert.equal(services['job-cleanup']?.networks, ['internal']);
  assert.equal(services.database?.networks, ['internal']);
});

test('secrets are files in memory, and their values nowhere', () => {
  const { services, secrets } = compose();
  assert.is(services['web-1']?.environment.SESSION_KEY_FILE, '/run/secrets/SESSION_KEY');
  assert.is(secrets.SESSION_KEY?.file, '/run/notes-compose/SESSION_KEY');
  const files = hostFiles(specFrom(project));
  const withPassword = [...files].filter(([, text]) => text.includes('@@'));
  assert.equal(
    withPassword.map(([path]) => path),
    ['/etc/fairlead/notes/containers/redis.conf'],
  );
});

test('the authorities that a database is checked by come along', () => {
  const external = (more: string) =>
    project
      .replace(
        'placement: compose, password',
        `placement: external, external: { host: db.example.com${more} }, password`,
      )
      .replace('extensions: [pg_trgm]', 'extensions: []')
      .replace('app:\n', 'app:\n  network: true\n')
      .replace('node cleanup.js,', 'node cleanup.js, network: true,')
      .replace('secrets: { SESSION', more ? 'secrets: { DB_CA: { from: env }, SESSION' : '$&')
      .replaceAll('DB_PASSWORD: { from: generated }', 'DB_PASSWORD: { from: env }');
  const web = (more: string) => (parse(composeText('debian-13', external(more))) as ComposeFile).services['web-1'];
  assert.equal(web('')?.volumes, ['/etc/ssl/certs/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt:ro']);
  assert.is(web(', ca: DB_CA')?.environment.PGSSLROOTCERT, '/run/secrets/DB_CA');
  assert.is(web(', ca: DB_CA')?.volumes, undefined);
});

test('what runs once is not brought up with the rest', () => {
  const { services } = compose();
  const once = Object.keys(services).filter((name) => services[name]?.profiles);
  assert.equal(once, ['job-cleanup', 'migrate']);
  assert.match(services.migrate?.environment.PGOPTIONS ?? '', 'statement_timeout=0');
});

test('data of PostgreSQL 18 lies one folder higher', () => {
  const volumesOf = (version: number) => {
    const text = project.replace('engine: postgres,', `engine: postgres, version: ${version},`);
    return (parse(composeText('debian-13', text)) as ComposeFile).services.database?.volumes as string[];
  };
  assert.is(volumesOf(17)[0], 'database:/var/lib/postgresql/data');
  assert.is(volumesOf(18)[0], 'database:/var/lib/postgresql');
});

const dockerfile = () => projectFiles(specFrom(project)).get('containers/Dockerfile') ?? '';
const json = (line: string | undefined) => JSON.parse(line?.match(/\[.*\]$/)?.[0] ?? 'null') as string[];

test('commands of the Dockerfile arrive as they are', () => {
  const lines = dockerfile().split('\n');
  assert.equal(json(lines.find((line) => line.startsWith('RUN --mount'))), ['/bin/sh', '-c', `echo ${hostile} <<EOF`]);
  assert.equal(json(lines.find((line) => line.startsWith('CMD'))), ['node', 'server.js', '$HOME \u0024{X}', 'a b']);
  assert.not.match(dockerfile().replaceAll(/^#.*$/gm, ''), '<<');
});

test('the image runs as nobody, tells its health, and holds no secret', () => {
  assert.match(dockerfile(), /^USER 10001:10001$/m);
  assert.match(dockerfile(), /^HEALTHCHECK .*"http:\/\/127\.0\.0\.1:3000\/healthz"\]$/m);
  assert.not.match(dockerfile(), /SESSION_KEY|PASSWORD|^ARG (?!NODE_IMAGE=)/m);
  assert.match(projectFiles(specFrom(project)).get('containers/Dockerfile.dockerignore') ?? '', /^\*\*\/\.env\*$/m);
});

test('development has the source in place, the command that reloads, and no host of its own', () => {
  const { services } = parse(
    projectFiles(specFrom(project)).get('containers/compose.development.yaml') ?? '',
  ) as ComposeFile;
  assert.equal(services.web?.command, ['sh', '-c', 'npm run dev']);
  assert.is(interpolated(services.web?.environment.HOSTILE), hostile);
  assert.is(services.web?.environment.PGHOST, 'database');
  assert.is(services.web?.environment.NODE_ENV, 'development');
  assert.equal(Object.keys(services), ['install', 'migrate', 'web', 'worker-mail', 'database', 'cache']);
});

test('a program under systemd gets no containers', () => {
  const text = 'name: notes\napp: { source: ., start: node server.js }\ntls: { provider: none }\n';
  assert.is(hostFiles(specFrom(text)).has('/etc/fairlead/notes/compose.yaml'), false);
  assert.is(projectFiles(specFrom(text)).size, 0);
});

test.run();
