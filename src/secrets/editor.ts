import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from '../diagnostic.ts';
import { splitCommand } from '../spec/command.ts';

/** Why an edited text cannot be taken, or undefined when it can. */
type Check = (text: string) => string | undefined;

/**
 * Lets a person edit a text in their editor, again and again until it can be taken. The text lies in a folder that only they
 * can open, in memory where the system has such a place, and is gone afterwards, also after Ctrl-C.
 *
 * @returns the new text, or undefined when it was left as it was or given up.
 * @throws DiagnosticsError when the editor cannot be run.
 */
export async function edit(text: string, check: Check, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folder = mkdtempSync(join(memoryFolder(), 'fairlead-secrets-'));
  const file = join(folder, 'secrets.yaml');
  const wipe = () => wipeFolder(folder, file);
  const leave = () => process.exit(130);
  process.once('exit', wipe);
  for (const signal of signals) process.once(signal, leave);
  try {
    return await untilTaken(text, file, check, environment);
  } finally {
    for (const signal of signals) process.off(signal, leave);
    process.off('exit', wipe);
    wipe();
  }
}

const signals = ['SIGTERM', 'SIGHUP'] as const;

/** One round an edit; a text that comes back wrong and untouched was given up. */
async function untilTaken(
  text: string,
  file: string,
  check: Check,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  let shown = text;
  for (;;) {
    writeFileSync(file, shown, { mode: 0o600 });
    await runEditor(file, environment);
    const edited = readFileSync(file, 'utf8').replace(note, '');
    if (edited === shown.replace(note, '')) return undefined;
    const problem = check(edited);
    if (problem === undefined) return edited;
    shown = `# ${problem}. Correct it, or leave this file as it is to give up.\n${edited}`;
  }
}

/** The line that says what is wrong. */
const note = /^# .*Correct it, or leave this file as it is to give up\.\n/;

async function runEditor(file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const editor = environment.VISUAL || environment.EDITOR || 'vi';
  const command = splitCommand(editor);
  const [program = '', ...args] = 'words' in command ? command.words : [editor];
  const { execa } = await import('execa');
  const result = await execa(program, [...args, file], { stdio: 'inherit', env: environment, reject: false });
  if (!result.failed) return;
  throw failure({
    code: 'secrets.editor',
    subject: editor,
    message: `the editor "${editor}" ${result.exitCode === undefined ? 'could not be started' : `ended with ${result.exitCode}`}; nothing was changed`,
    fix: 'name one that waits until you are done: export EDITOR="code --wait"',
  });
}

/** A folder in memory that can be written, or the usual one for temporary files. */
function memoryFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

function wipeFolder(folder: string, file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0) writeFileSync(file, Buffer.alloc(size));
  // An editor may have left a copy beside it.
  rmSync(folder, { recursive: true, force: true });
}
