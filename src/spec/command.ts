/** Words of a command, or why it cannot be run without a shell. */
export type Command = { readonly words: readonly string[] } | { readonly problem: string };

/** A word in quotes of either kind, a backslash with what it protects, or plain characters. */
const piece = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(\s+)|(.)/gy;

/** Characters that mean something to a shell, so that a command with one outside quotes would not do what it says. */
const shellOnly = /[|&;<>()$`*?[\]#~!{}]/;

/**
 * Splits a command line into words by the quoting rules of the POSIX shell (XCU 2.2), without anything else of a shell:
 * no variables, pipes, patterns or lists.
 */
export function splitCommand(line: string): Command {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, single, double, escaped, plain, space, broken] of line.matchAll(piece)) {
    if (broken !== undefined)
      return { problem: broken === '\\' ? 'it ends with a backslash' : 'a quote is not closed' };
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const expanded = double?.replaceAll(/\\./g, '').match(/[$`]/)?.[0];
    if (expanded) return { problem: `${expanded} in double quotes needs a shell; put the word in single quotes` };
    const special = plain?.match(shellOnly)?.[0];
    if (special) return { problem: `${special} outside quotes needs a shell, and the command runs without one` };
    word = (word ?? '') + (single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '');
  }
  if (word !== undefined) words.push(word);
  return words.length > 0 ? { words } : { problem: 'it is empty' };
}

/** The words of a command that validation has accepted. @throws Error when it has not. */
export function wordsOf(line: string): readonly string[] {
  const command = splitCommand(line);
  if ('problem' in command) throw new Error(`unvalidated command: ${command.problem}`);
  return command.words;
}
