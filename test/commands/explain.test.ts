/** From a compiled line to the key behind it, from a key to its lines, and what a key means. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { CommonOptions, Terminal } from '../../src/commands/context.ts';
import { docs } from '../../src/commands/docs.ts';
import { explain } from '../../src/commands/explain.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { suite } from '../support/suite.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const file = join(repository, 'deploy.yaml');
const text = readFileSync(file, 'utf8').split('\n');
const lineOf = (part: string) => text.findIndex((line) => line.includes(part)) + 1;
const site = 'hosts/production/web-1/rootfs/etc/nginx/sites-available/notes.conf';
const test = suite('explaining');

type Command = (options: CommonOptions, terminal: Terminal, what: string) => Promise<number>;

/** What a command prints about something; the warnings about the project are left out. */
async function said(command: Command, what: string, options: Partial<CommonOptions> = {}): Promise<string> {
  let out = '';
  const terminal = {
    out: { write: (part: string) => (out += part) },
    err: { write: () => 0 },
    environment: { NO_COLOR: '1' },
  };
  await command({ file, env: 'production', ...options }, terminal, what);
  return out;
}

async function refusal(command: Command, what: string): Promise<string> {
  try {
    await said(command, what);
  } catch (error) {
    if (error instanceof DiagnosticsError)
      return error.diagnostics.map(({ message, fix }) => `${message}; ${fix}`).join('\n');
    throw error;
  }
  return 'not refused';
}

interface ExplainedLine {
  readonly line: number;
  readonly text: string;
  readonly origins: readonly unknown[];
}

/** The number of the first line of the site, as it compiles now, that fits. */
async function lineThat(fits: (line: ExplainedLine) => boolean): Promise<number> {
  const { lines } = JSON.parse(await said(explain, '/etc/nginx/sites-available/notes.conf', { json: true }));
  return (lines as ExplainedLine[]).find(fits)?.line ?? 0;
}

const compiledLine = (part: string) => lineThat(({ text }) => text.includes(part));

test('a compiled line names the line of deploy.yaml that caused it, and what its key means', async () => {
  const out = await said(explain, `${site}:${await compiledLine('client_max_body_size')}`);
  assert.match(out, `deploy.yaml:${lineOf('bodyLimit:')} proxy.bodyLimit`);
  assert.match(out, 'Largest request body');
});

test('a line that comes from a default says so', async () => {
  assert.match(
    await said(explain, `${site}:${await compiledLine('listen 80')}`),
    'the default of proxy.port: 80, because the port of http',
  );
});

test('a line of the template alone says that no key changes it', async () => {
  const line = await lineThat(({ text, origins }) => origins.length === 0 && /^ *[a-z_]+ .*;$/.test(text));
  assert.match(await said(explain, `${site}:${line}`), 'no key changes it');
});

test('a path on the host explains the whole file', async () => {
  const out = await said(explain, '/etc/fairlead/notes/app.env');
  assert.match(out, 'LOG_LEVEL="info"');
  assert.match(out, 'app.env.LOG_LEVEL');
});

test('a key names every line and resource that follows from it, on each host', async () => {
  const { hosts } = JSON.parse(await said(explain, 'proxy', { json: true }));
  assert.equal(
    hosts.map(({ host }: { host: string }) => host),
    ['web-1', 'web-2', 'the project'],
  );
  assert.ok(hosts[0].resources.includes('unit:nginx.service'));
  assert.ok(hosts[0].lines.some((line: { text: string }) => line.text.includes('server_name notes.example.com')));
  const other = JSON.parse(await said(explain, 'database', { json: true })).hosts[0];
  assert.not.ok(other.resources.includes('unit:nginx.service'), 'the control');
});

test('files of the project, and those beside a manifest, are explained too', async () => {
  const workflow = '.github/workflows/pull-request.yml';
  assert.match(await said(explain, workflow), `deploy.yaml:${lineOf('check:')} ci.check`);
  assert.match(await said(explain, 'containers/Dockerfile:1'), 'containers/Dockerfile:1');
  assert.match(await said(explain, 'hosts/production/web-1/cloud-init.yaml'), '#cloud-config');
  const { hosts } = JSON.parse(await said(explain, 'ci.check', { json: true }));
  assert.equal(
    hosts.map(({ lines }: { lines: readonly { path: string }[] }) => lines.map(({ path }) => path)),
    [[], [], [workflow]],
  );
  assert.match(await refusal(explain, 'containers/nothing.yaml'), 'nothing compiles containers/nothing.yaml');
});

test('a key says where its values come from', async () => {
  const out = await said(explain, 'proxy.timeouts');
  assert.match(out, `proxy.timeouts.read: 75s  deploy.yaml:${lineOf('read:')}`);
  assert.match(await said(explain, 'proxy.port'), 'proxy.port: 80  default: the port of http');
});

test('what does not exist is refused with what does', async () => {
  assert.match(await refusal(explain, 'proxy.bodylimit'), 'did you mean proxy.bodyLimit?');
  assert.match(await refusal(explain, '/etc/nope'), '/etc/fairlead/notes/app.env');
  assert.match(await refusal(explain, `${site}:9999`), 'has no line 9999');
  assert.match(await refusal(docs, 'proxy.timeouts.raed'), 'did you mean proxy.timeouts.read?');
});

test('docs describe a key, a section, a key of a host, and the whole file', async () => {
  assert.match(await said(docs, 'proxy.bodyLimit'), /Largest request body[\s\S]*default +20m/);
  assert.match(await said(docs, 'app'), /source \(required\)/);
  assert.match(await said(docs, 'host.os'), 'debian-12, debian-13');
  assert.match(await said(docs, 'host.yaml.os'), 'debian-12, debian-13');
  assert.match(await said(docs, 'host.timezone'), 'Europe/Berlin');
  assert.match(await said(docs, 'proxy.http3'), /because +Debian[\s\S]*only on +debian-13: Nginx 1.25/);
  for (const section of ['app', 'proxy', 'database', 'environments']) assert.match(await said(docs, ''), section);
});

test.run();
