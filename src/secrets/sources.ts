import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { wordsOf } from '../spec/command.ts';
import type { ResolvedSecret } from '../spec/types.ts';
import { capture } from '../transport/local.ts';
import type { SecretMap } from './secrets-file.ts';

/** Why a source gave no value, and what to do about it. It never says what the source did give. */
export class SourceProblem extends Error {
  constructor(
    message: string,
    readonly fix: string,
  ) {
    super(message);
  }
}

/** Where values are looked for. */
export interface Surroundings {
  /** Folder of deploy.yaml. */
  readonly folder: string;
  /** Variables of this process. */
  readonly environment: NodeJS.ProcessEnv;
  /** The secrets file, decrypted when first asked for. */
  readonly secretsFile: () => Promise<SecretMap>;
}

type Source = (name: string, secret: ResolvedSecret, around: Surroundings) => Promise<Uint8Array>;

/** How long a command may take, a person's answer at its prompt included. */
const COMMAND_MILLISECONDS = 120_000;

const fromEnvironment: Source = async (name, { variable = name }, { environment }) => {
  const value = environment[variable];
  if (value) return Buffer.from(value);
  throw new SourceProblem(
    `the variable ${variable} is ${value === '' ? 'empty' : 'not set'}`,
    `set it: export ${variable}=…`,
  );
};

const fromFile: Source = async (_name, { path = '' }, { folder }) => {
  const whole = join(folder, path);
  const state = statSync(whole, { throwIfNoEntry: false });
  if (!state?.isFile()) throw new SourceProblem(`the file ${path} does not exist`, `write the value to ${path}`);
  if (state.mode & 0o004) throw new SourceProblem(`everybody on this machine may read ${path}`, `chmod 600 ${path}`);
  const { exitCode } = await capture('git', ['check-ignore', '--quiet', '--', path], folder);
  if (exitCode === 1) {
    throw new SourceProblem(
      `Git does not ignore ${path}, so the value may end up in a commit`,
      `add /${path} to .gitignore (and, if Git tracks it, run: git rm --cached ${path}, and renew the value)`,
    );
  }
  return readFileSync(whole);
};

/** What the command prints may be the value, so nothing of it is ever repeated. */
const fromCommand: Source = async (_name, { command = '' }, { folder }) => {
  const { execa } = await import('execa');
  const [program = '', ...args] = wordsOf(command);
  const result = await execa(program, args, {
    cwd: folder,
    stdin: 'inherit',
    stderr: 'inherit',
    encoding: 'buffer',
    stripFinalNewline: false,
    timeout: COMMAND_MILLISECONDS,
    reject: false,
  });
  if (!result.failed) return result.stdout;
  const how = result.timedOut
    ? 'took longer than two minutes'
    : result.exitCode === undefined
      ? 'could not be run'
      : `failed with exit code ${result.exitCode}`;
  throw new SourceProblem(
    `its command (${program} …) ${how}`,
    'run it by hand in the folder of deploy.yaml, and mend what it says',
  );
};

const fromAge: Source = async (name, _secret, { secretsFile }) => {
  const value = (await secretsFile())[name];
  if (value !== undefined) return Buffer.from(value);
  throw new SourceProblem('the secrets file does not hold it', `npm run secrets -- set ${name}`);
};

const fromHost: Source = async () => {
  throw new SourceProblem('it never leaves the host', 'nothing has to be done');
};

/** How a value is fetched, by the key `from`. @throws SourceProblem, or DiagnosticsError of the secrets file. */
export const sources: Readonly<Record<ResolvedSecret['from'], Source>> = {
  env: fromEnvironment,
  file: fromFile,
  command: fromCommand,
  age: fromAge,
  generated: fromHost,
};
