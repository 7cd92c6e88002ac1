import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { readSource } from '../../src/apply/source.ts';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { manifestOf, pinned, sourceOf, specOf } from '../../src/pipeline.ts';
import { loadAssets, packageFolder } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import type { LabHost } from '../lab/host.ts';
import { writeHostFile } from '../lab/project.ts';
import { idleProgram } from './many.ts';
import type { Program } from './measure.ts';

export const environment = 'bench';

/** A converged host, and what it was converged from. */
export interface Setting {
  /** The project's folder. */
  readonly folder: string;
  readonly host: LabHost;
  readonly manifest: HostManifest;
  /** Folder with the compiled files of the manifest. */
  readonly rootfs: string;
  readonly knownHosts: string;
}

/** The command line of the program, with the arguments that choose the environment. */
export const fairlead = (verb: string, env = environment): [string, ...string[]] => [
  process.execPath,
  join(packageFolder, 'bin', 'fairlead.js'),
  verb,
  '--env',
  env,
];

/** A plan of an environment's hosts that must find nothing to do. */
export const planOf = (folder: string, env = environment, ...more: string[]): Program => ({
  name: `plan of ${env}`,
  command: [...fairlead('plan', env), ...more],
  cwd: folder,
});

/** Its port in the firewall's file would make every way to a host another host, and the limit of logins meets a benchmark. */
const deployFile =
  () => `${readFileSync(join(packageFolder, 'deploy.yaml'), 'utf8').replace('\nproxy:\n', '\nproxy:\n  log:\n    days: 30\n')}
host:
  firewall:
    enabled: false
`;

/**
 * Makes a project of the repository's own deploy.yaml and service for one lab host, in a Git repository as users have
 * it (the list of source files comes from Git), and returns its folder, which ends with this process.
 */
export async function makeProject(host: LabHost): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'deploy.yaml'), deployFile());
  const service = await readSource(packageFolder, 'service');
  for (const file of service.files) {
    const target = join(folder, 'service', file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(service.folder, file), target);
  }
  writeFileSync(join(folder, 'service', idleProgram.path), idleProgram.text);
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\ndist/\n.fairlead\n');
  // What was built and fetched once serves every run.
  mkdirSync(join(packageFolder, '.fairlead'), { recursive: true });
  symlinkSync(join(packageFolder, '.fairlead'), join(folder, '.fairlead'));
  writeHostFile(folder, environment, host);
  await execa('git', ['init', '--quiet'], { cwd: folder });
  await execa('git', ['add', '--all'], { cwd: folder });
  return folder;
}

/** Compiles and applies a project, and throws with what was said when the host does not converge. */
export async function bringUp(folder: string, env = environment): Promise<void> {
  for (const verb of ['compile', 'apply']) {
    const [command, ...args] = fairlead(verb, env);
    const options = { cwd: folder, timeout: 600_000, stdin: 'ignore', all: true, reject: false } as const;
    const { exitCode, all } = await execa(command, args, options);
    if (exitCode !== 0) throw new Error(`${verb} ended with ${exitCode}:\n${all.slice(-2000)}`);
  }
}

/** The manifest that a plan of the project compares the host with. */
export async function manifestFor(folder: string): Promise<HostManifest> {
  const project = loadProject(join(folder, 'deploy.yaml'));
  const assets = await loadAssets();
  const { spec } = specOf(project, environment, assets);
  const [host] = spec.hosts;
  if (!host) throw new Error(`the environment ${environment} has no host`);
  return pinned(manifestOf(spec, host, assets), await sourceOf(project, spec));
}
