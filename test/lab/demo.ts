/**
 * `npm run demo`: from nothing to the notes API on a real systemd host in a container, with the commands that a user would type.
 * `npm run demo -- --down` removes all of it.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import picocolors from 'picocolors';
import { ensureCommand } from '../support/packages.ts';
import { removeContainer } from './container.ts';
import { startHost } from './host.ts';
import { keptContainers } from './ownership.ts';
import { ensureDocker, stopDocker } from './prerequisites.ts';
import { writeHostFile } from './project.ts';
import { asRelease } from './releases.ts';

const help = `usage: npm run demo [-- --release debian-12|debian-13] [-- --down]

Makes a lab host (Debian with systemd, in a container), and takes deploy.yaml to a running notes API on it.
Needs Debian, root, and the package sources of Debian and npm. Run it again to apply what you edited.

  --release <release>  the host's system (default debian-13)
  --down               remove the host and everything that the demo made
`;

const root = process.cwd();
const kept = { name: 'demo', folder: join(root, '.fairlead', 'demo') };
const hostFolder = join(root, 'hosts', 'demo');
const hostFile = join(hostFolder, 'web-1', 'host.yaml');

let number = 0;

const { values } = parseArgs({
  options: {
    down: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    release: { type: 'string', default: 'debian-13' },
  },
});
process.exitCode = await main().catch((error: Error) => {
  console.error(`\n${picocolors.red('the demo stopped')}: ${error.message}`);
  return 1;
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(help);
    return 0;
  }
  return values.down ? down() : up();
}

async function up(): Promise<number> {
  heading('A host: Debian with systemd, sshd and nothing else');
  await ensureDocker();
  const port = await host();
  heading('Is deploy.yaml right?');
  await fairlead([0], 'validate', '--env', 'demo');
  heading('What will the host get? Compiled for review below hosts/demo/');
  await fairlead([0], 'compile', '--env', 'demo');
  heading('What would change on the host?');
  const first = await fairlead([0, 2], 'plan', '--env', 'demo');
  if (first === 2) {
    heading('Do it');
    await fairlead([0], 'apply', '--env', 'demo');
    heading('The second plan is empty');
    await fairlead([0], 'plan', '--env', 'demo');
  }
  heading('The notes API, through Nginx');
  await ensureCommand('curl', ['curl']);
  const url = `http://localhost:${port}/api/notes`;
  const headers = ['-H', 'content-type: application/json', '-d', '{"title":"Hello from the demo"}'];
  await shown('curl', ['-sS', '--fail-with-body', ...headers, url]);
  await shown('curl', ['-sS', '--fail-with-body', url]);
  farewell(url);
  return 0;
}

/** Starts the demo's host, or finds the one that an earlier run left; returns the port of this machine that leads to its port 80. */
async function host(): Promise<string> {
  const [existing] = await keptContainers(kept.name);
  if (existing && existsSync(hostFile)) {
    await execa('docker', ['start', existing]);
    console.log(`using the host of an earlier run (${existing})`);
    return publishedPort(existing);
  }
  if (existing) await removeContainer(existing);
  const made = await startHost({ release: asRelease(values.release), hostname: 'web-1', keep: kept });
  writeHostFile(root, 'demo', made);
  console.log(`web-1 runs ${made.release}; its address and host key are in hosts/demo/web-1/host.yaml`);
  return String(made.httpPort);
}

async function publishedPort(container: string): Promise<string> {
  const { stdout } = await execa('docker', ['port', container, '80']);
  return stdout.split('\n')[0]?.split(':').at(-1) ?? '';
}

/** Runs a command of Fairlead as its user would see it, and returns its exit code, which must be one of those given. */
async function fairlead(allowed: readonly number[], ...args: string[]): Promise<number> {
  const [verb, ...rest] = args;
  console.log(picocolors.dim(`$ npm run ${verb} -- ${rest.join(' ')}`));
  const { exitCode = 1 } = await execa(process.execPath, [join(root, 'bin', 'fairlead.js'), ...args], {
    stdio: 'inherit',
    reject: false,
  });
  if (!allowed.includes(exitCode)) throw new Error(`"npm run ${verb}" ended with exit code ${exitCode}; see above`);
  return exitCode;
}

async function shown(command: string, args: string[]): Promise<void> {
  console.log(
    picocolors.dim(`$ ${[command, ...args].map((word) => (/^[\w:/.-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`),
  );
  const { stdout } = await execa(command, args, { env: { no_proxy: '*' } });
  console.log(stdout);
}

function farewell(url: string): void {
  const file = readFileSync(hostFile, 'utf8');
  const field = (name: string) => file.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1] ?? '';
  heading('Yours to try');
  console.log(`  the API     ${picocolors.bold(url)}`);
  console.log('  an edit     change proxy.bodyLimit in deploy.yaml, then: npm run plan -- --env demo');
  console.log('              and: npm run apply -- --env demo');
  console.log(
    `  the host    ssh -o StrictHostKeyChecking=no -i ${field('identityFile')} -p ${field('port')} root@localhost`,
  );
  console.log(`  clean up    ${picocolors.bold('npm run demo -- --down')}\n`);
}

async function down(): Promise<number> {
  const containers = await keptContainers(kept.name);
  for (const container of containers) await removeContainer(container);
  rmSync(hostFolder, { recursive: true, force: true });
  rmSync(kept.folder, { recursive: true, force: true });
  await stopDocker();
  console.log(
    containers.length > 0 ? 'the demo is gone: its host, hosts/demo and its key' : 'there is no demo to remove',
  );
  return 0;
}

function heading(text: string): void {
  number += 1;
  console.log(`\n${picocolors.bold(picocolors.cyan(`${number}. ${text}`))}`);
}
