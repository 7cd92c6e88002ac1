import { ExitCode } from '../diagnostic.ts';
import { completionScripts, type Shell } from '../report/completion.ts';
import type { Verb } from '../verbs.ts';
import type { Terminal } from './context.ts';

/** Prints the completion script of a shell. */
export async function completion(terminal: Terminal, shell: Shell, verbs: readonly Verb[]): Promise<ExitCode> {
  terminal.out.write(completionScripts[shell](verbs));
  return ExitCode.done;
}
