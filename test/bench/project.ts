import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

export const environment = 'bench';

/** The command line of the program, with the arguments that choose the environment. */
export const fairlead = (verb: string, env = environment): [string, ...string[]] => [
  process.execPath,
  join(packageFolder, 'bin', 'fairlead.js'),
  verb,
  '--env',
  env,
];

/**
 * Makes a project of the repository's own deploy.yaml and service for one lab host, in a Git repository as users have
 * it (the list of source files comes from Git), and returns its folder, which ends with this process.
 */
export async function makeProject(host: LabHost): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(packageFolder, 'deploy.yaml'), join(folder, 'deploy.yaml'));
  const service = await readSource(packageFolder, 'service');
  for (const file of service.files) {
    const target = join(folder, 'service', file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(service.folder, file), target);
  }
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\ndist/\n.fairlead/\n');
  writeHostFile(folder, environment, host);
  await execa('git', ['init', '--quiet'], { cwd: folder });
  await execa('git', ['add', '--all'], { cwd: folder });
  return folder;
}

/** Compiles and applies a project, and throws with what was said when the host does not converge. */
export async function bringUp(folder: string): Promise<void> {
  for (const verb of ['compile', 'apply']) {
    const [command, ...args] = fairlead(verb);
    await execa(command, args, { cwd: folder, timeout: 180_000, stdin: 'ignore' });
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
