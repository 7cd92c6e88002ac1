/**
 * Every golden case, judged by the programs that will read it on a host of this release: nginx, systemd-analyze, systemd itself.
 * The values of deploy.yaml must arrive in the process as they were written there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import type { FileResource } from '../../src/resources/resource.ts';
import { environmentsOf, type ResolvedSpec } from '../../src/spec/resolve.ts';
import { suite } from '../support/suite.ts';
import type { LabHost } from './host.ts';
import { labHost, stopLab } from './hosts.ts';
import { labReleases } from './releases.ts';

/** The checks of units; the controls run the very same commands. */
const verify = ['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no'];
const judge = ['systemd-analyze', 'security', '--offline=true', '--no-pager', '--threshold=15'];

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const assets = await loadAssets();

interface Compiled {
  readonly name: string;
  readonly spec: ResolvedSpec;
  readonly manifest: HostManifest;
}

/** The compiled hosts of a project; none for a case that holds an error. */
function compiledIn(folder: string, name: string): Compiled[] {
  try {
    const project = loadProject(join(folder, 'deploy.yaml'));
    return environmentsOf(project.sources).flatMap((environment) => {
      const { spec } = specOf(project, environment, assets);
      return spec.hosts.slice(0, 1).map((host) => ({ name, spec, manifest: manifestOf(spec, host, assets) }));
    });
  } catch {
    return [];
  }
}

const cases = join(repository, 'test', 'cases');
const compiled = [
  ...compiledIn(repository, 'the example'),
  ...readdirSync(cases).flatMap((name) => compiledIn(join(cases, name), name.replaceAll('-', ' '))),
];
const filesOf = ({ manifest }: Compiled) =>
  manifest.resources.filter((resource): resource is FileResource => resource.kind === 'file');

for (const release of labReleases()) {
  const test = suite(`compiled files on ${release}`);
  let host: LabHost;
  test.before(async () => {
    host = await labHost(release, 'warm');
  });
  test.after(stopLab);

  const put = async (path: string, content: string) => {
    const { exitCode, stderr } = await host.exec(['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat > "$1"', 'sh', path], {
      input: content,
    });
    assert.is(exitCode, 0, stderr);
  };

  /** Puts the site of a case alone into a configuration of its own, and has Nginx judge it. */
  const nginxSays = async (site: string) => {
    await put('/tmp/judge/site.conf', site);
    await put('/tmp/judge/nginx.conf', 'events {}\nhttp { include /tmp/judge/site.conf; }\n');
    const { exitCode, stdout, stderr } = await host.exec(['nginx', '-t', '-c', '/tmp/judge/nginx.conf']);
    return { exitCode, said: stdout + stderr };
  };

  test('there are several cases', () => {
    assert.ok(compiled.length >= 5, compiled.map(({ name }) => name).join(', '));
  });

  for (const one of compiled) {
    const site = filesOf(one).find(({ path }) => path.startsWith('/etc/nginx/'));
    if (site) {
      test(`Nginx accepts the site of ${one.name} (${one.spec.environment}) without a warning`, async () => {
        const { exitCode, said } = await nginxSays(site.content);
        assert.is(exitCode, 0, said);
        assert.not.match(said, /\[(warn|emerg|error)\]/);
      });
    }

    test(`systemd accepts the units of ${one.name} (${one.spec.environment}), at an exposure of 1.5 or less`, async () => {
      for (const { path, content } of filesOf(one).filter(({ path }) => path.endsWith('.service'))) {
        const program = content.match(/^ExecStart=(\S+)/m)?.[1] ?? '';
        await host.sh(`mkdir -p ${dirname(program)} && ln -sf /bin/true ${program}`);
        await put(path, content);
        const unit = path.replace('@.service', '@1.service');
        await host.sh(`cp ${path} ${unit}`);
        const { exitCode, stdout, stderr } = await host.exec([...verify, unit]);
        assert.is(`${exitCode} ${stdout}${stderr}`, '0 ', path);
        const judged = await host.exec([...judge, unit]);
        assert.is(judged.exitCode, 0, judged.stdout.split('\n').at(-1));
        await host.sh(`rm ${path} ${unit}`);
      }
    });

    test(`the environment of ${one.name} (${one.spec.environment}) arrives as it was written`, async () => {
      const file = filesOf(one).find(({ path }) => path.endsWith('/app.env'));
      await put('/tmp/judge/app.env', file?.content ?? '');
      const { stdout } = await host.exec([
        'systemd-run',
        '--quiet',
        '--wait',
        '--pipe',
        '-p',
        'EnvironmentFile=/tmp/judge/app.env',
        'env',
        '-0',
      ]);
      const seen = new Map(stdout.split('\0').map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]));
      for (const [name, value] of Object.entries(one.spec.app.env)) assert.is(seen.get(name), String(value), name);
    });
  }

  test('the controls: a bad site, a bad unit and an open unit are refused', async () => {
    const { exitCode } = await nginxSays('server { listen 80; no_such_directive on; }');
    assert.is(exitCode, 1);
    await put('/etc/systemd/system/bad@1.service', '[Service]\nExecStart=/bin/true\nNoSuchKey=1\n');
    const verified = await host.exec([...verify, '/etc/systemd/system/bad@1.service']);
    assert.is.not(`${verified.exitCode} ${verified.stdout}${verified.stderr}`, '0 ');
    await put('/etc/systemd/system/bad@1.service', '[Service]\nExecStart=/bin/true\n');
    const judged = await host.exec([...judge, '/etc/systemd/system/bad@1.service']);
    assert.is(judged.exitCode, 1);
    await host.sh('rm /etc/systemd/system/bad@1.service');
  });

  test('the words of app.start arrive as they were written', async () => {
    const one = compiled.find(({ name }) => name === 'everything set');
    const unit = one && filesOf(one).find(({ path }) => path.endsWith('blue@.service'));
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
