import { execFile } from 'node:child_process';

/** What a program on this machine came to. */
export interface LocalResult {
  /** Undefined when it could not be started at all. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that ends soon and prints little. It starts nothing but that program: every plan waits for it. */
export function capture(command: string, args: readonly string[], cwd: string): Promise<LocalResult> {
  const options = { cwd, env: { ...process.env, LC_ALL: 'C' }, maxBuffer: Number.POSITIVE_INFINITY };
  return new Promise((done) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const exitCode = error ? (typeof error.code === 'number' ? error.code : undefined) : 0;
      done({ exitCode, stdout, stderr });
    });
  });
}

/** What a longer program came to, with all that it printed in the order in which it did. */
export interface WorkResult {
  readonly succeeded: boolean;
  readonly exitCode: number | undefined;
  readonly output: string;
}

/** Runs a program that does work: ended with this process, its streams joined. */
export async function work(command: string, args: readonly string[], cwd: string): Promise<WorkResult> {
  const { execa } = await import('execa');
  const result = await execa(command, args, { cwd, all: true, reject: false, stdin: 'ignore' });
  return { succeeded: !result.failed, exitCode: result.exitCode, output: result.all ?? '' };
}

/** Runs a command line that the user wrote, by the shell, as it stands. */
export async function shell(line: string, cwd: string): Promise<WorkResult> {
  const { execa } = await import('execa');
  const result = await execa(line, { shell: true, cwd, all: true, reject: false, stdin: 'ignore' });
  return { succeeded: !result.failed, exitCode: result.exitCode, output: result.all ?? '' };
}
