import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { hostScript, hostScriptNames } from '../../src/project/assets.ts';
import { canInstall, ensureCommand, hasCommand } from './packages.ts';
import { none, sum, type Tally } from './tally.ts';

/** One tool that reads the sources; it passes when it ends with 0. */
interface Check {
  name: string;
  command: [string, ...string[]];
}

/** Runs the linters and the type checker; each counts as one test. */
export async function check(): Promise<Tally> {
  const tallies = [await run({ name: 'biome', command: ['node_modules/.bin/biome', 'check', '.'] })];
  for (const project of ['.', 'service', 'test/service']) {
    if (!existsSync(`${project}/tsconfig.json`)) continue;
    tallies.push(await run({ name: `tsc ${project}`, command: ['node_modules/.bin/tsc', '--noEmit', '-p', project] }));
  }
  tallies.push(await shellcheck());
  return sum(tallies);
}

async function run({ name, command: [file, ...args] }: Check): Promise<Tally> {
  const started = performance.now();
  const { exitCode, all } = await execa(file, args, { all: true, reject: false, stdin: 'ignore' });
  const passed = exitCode === 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`  ${passed ? 'passed' : 'FAILED'}: ${name} (${seconds} s)`);
  if (!passed) console.log(all);
  return { ...none, [passed ? 'passed' : 'failed']: 1 };
}

async function shellcheck(): Promise<Tally> {
  if (!(await hasCommand('shellcheck')) && !(await canInstall()) && process.env.CI !== 'true') {
    console.log('  skipped: shellcheck (it is not installed)');
    return { ...none, skipped: 1 };
  }
  await ensureCommand('shellcheck', ['shellcheck']);
  // SC1091: a script that reads /etc/os-release means that of another host.
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-scripts-'));
  try {
    return await run({
      name: 'shellcheck',
      command: ['shellcheck', '--exclude=SC1091', ...(await shellScripts(folder))],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where the parts lie that the scripts for hosts are put together from: they are checked as they are sent. */
const parts = 'src/apply/host/';

/** The shell scripts among the files of the repository, by name or first line; templates are checked as rendered. */
async function shellScripts(folder: string): Promise<string[]> {
  const { stdout } = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const forHosts = hostScriptNames.map((name) => {
    const path = join(folder, `${name}.sh`);
    writeFileSync(path, hostScript(name));
    return path;
  });
  const own = stdout.split('\0').filter((file) => file && !file.startsWith(parts) && existsSync(file));
  return [...forHosts, ...own.filter(isShellScript)];
}

function isShellScript(file: string): boolean {
  const text = readFileSync(file, 'latin1');
  return !text.includes('{{') && (file.endsWith('.sh') || /^#!.*[/ ](ba|da)?sh\b/.test(text));
}
