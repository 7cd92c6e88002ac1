import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure } from '../diagnostic.ts';
import { bundleUpload, runtimeUpload } from '../resources/release.ts';
import type { ReleaseResource } from '../resources/resource.ts';
import { shell, work } from '../transport/local.ts';
import type { Source } from './source.ts';

/** Told what takes time, so that people see it. */
export type Note = (text: string) => void;

/** Makes the named uploads of a release that are not in the cache yet, and returns the path of each. */
export async function makeArtifacts(
  names: readonly string[],
  release: ReleaseResource,
  source: Source,
  cacheFolder: string,
  note: Note,
): Promise<Map<string, string>> {
  mkdirSync(cacheFolder, { recursive: true });
  const makers: Record<string, (path: string) => Promise<void>> = {
    [bundleUpload(release)]: (path) => buildRelease(release, source, path, note),
    [runtimeUpload(release.runtime)]: (path) => fetchRuntime(release.runtime, path, note),
  };
  const paths = new Map<string, string>();
  for (const name of names) {
    const path = join(cacheFolder, name);
    const make = makers[name];
    if (!make) throw new Error(`nothing makes the upload ${name}`);
    if (!existsSync(path)) await make(path);
    paths.set(name, path);
  }
  return paths;
}

/** Runs `work` in a new folder beside `target`, on the same file system, and removes it whatever happens. */
async function inScratch(target: string, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(dirname(target), 'work-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds the program in a clean copy of its source and packs the copy, sorted and without times or owners. */
async function buildRelease(release: ReleaseResource, source: Source, target: string, note: Note): Promise<void> {
  await inScratch(target, async (folder) => {
    const copy = join(folder, 'app');
    for (const file of source.files) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      cpSync(join(source.folder, file), join(copy, file), { verbatimSymlinks: true });
    }
    if (release.build) {
      requirePackage(release.build, copy);
      note(`building ${release.name}: ${release.build}`);
      await runBuild(release.build, copy);
    }
    const options = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await tar(['-czf', 'packed.tar.gz', ...options, '-C', copy, '.'], folder);
    renameSync(join(folder, 'packed.tar.gz'), target);
  });
}

/**
 * npm, pnpm and yarn look for a package.json in the folders above when there is none, and would install in the project around the copy.
 * https://docs.npmjs.com/cli/v11/configuring-npm/folders
 */
function requirePackage(command: string, folder: string): void {
  if (!/^\s*(npm|pnpm|yarn)\s/.test(command) || existsSync(join(folder, 'package.json'))) return;
  throw failure({
    code: 'app.build',
    subject: 'app.build',
    message: `the build "${command}" needs a package.json, and the source has none; nothing was changed on any host`,
    fix: 'put package.json and its lock file into app.source, or write in deploy.yaml what builds it (app.build: "true" for nothing)',
  });
}

async function runBuild(command: string, folder: string): Promise<void> {
  const { succeeded, exitCode, output } = await shell(command, folder);
  if (succeeded) return;
  const said = output.trim().split('\n').slice(-15).join('\n  ');
  throw failure({
    code: 'app.build',
    subject: 'app.build',
    message: `the build failed (exit code ${exitCode ?? 'none'}) and nothing was changed on any host; it said:\n  ${said}`,
    fix: `make "${command}" work in a clean copy of the source, or correct app.build in deploy.yaml`,
  });
}

async function tar(args: readonly string[], folder: string): Promise<void> {
  const { succeeded, output } = await work('tar', args, folder);
  if (succeeded) return;
  throw failure({
    code: 'app.pack',
    subject: 'app',
    message: `tar failed, and nothing was changed on any host: ${output.trim().split('\n')[0]}`,
    fix: 'make room on this machine (df -h), and check that GNU tar and gzip are installed',
  });
}

/** Fetches a Node.js runtime by its npm package, checks it against the pinned hash, and packs its one program. */
async function fetchRuntime(runtime: ReleaseResource['runtime'], target: string, note: Note): Promise<void> {
  note(`fetching Node.js ${runtime.version} (npm package ${runtime.package})`);
  await inScratch(target, async (folder) => {
    const args = ['pack', '--silent', '--pack-destination', folder, `${runtime.package}@${runtime.version}`];
    const { succeeded, output } = await work('npm', args, folder);
    const tarball = join(folder, `${runtime.package}-${runtime.version}.tgz`);
    if (!succeeded || !existsSync(tarball)) throw runtimeProblem(runtime, 'could not be fetched', output);
    const hash = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (hash !== runtime.integrity) throw runtimeProblem(runtime, `is not what was pinned (${hash})`, '');
    await tar(['-xzf', tarball, 'package/bin/node'], folder);
    await tar(['-czf', 'packed.tar.gz', '-C', 'package', 'bin/node'], folder);
    renameSync(join(folder, 'packed.tar.gz'), target);
  });
}

function runtimeProblem(runtime: ReleaseResource['runtime'], what: string, said: string) {
  return failure({
    code: 'app.node',
    subject: 'app.node',
    message: `Node.js ${runtime.version} (npm package ${runtime.package}) ${what}${said ? `: ${said.trim().split('\n')[0]}` : ''}; nothing was changed on any host`,
    fix: 'check that npm reaches its registry: npm view node',
  });
}
