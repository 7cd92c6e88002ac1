import type { ReadStream } from 'node:tty';

/** Where a value comes in: a terminal, or a pipe. */
export type Input = NodeJS.ReadStream;

/**
 * Takes a value from standard input: typed at a terminal without being shown, or all that a pipe brings, without the line
 * break at its end. Undefined when it was given up with Ctrl-C or Ctrl-D.
 */
export async function readValue(
  question: string,
  input: Input,
  ask: (text: string) => void,
): Promise<string | undefined> {
  if (!input.isTTY) return (await readAll(input)).replace(/\r?\n$/, '');
  ask(question);
  const value = await readHidden(input as ReadStream);
  ask('\n');
  return value;
}

async function readAll(input: Input): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** One line from a terminal that echoes nothing. Pasted text comes in one piece; only its first line counts. */
function readHidden(input: ReadStream): Promise<string | undefined> {
  return new Promise((done) => {
    let value = '';
    const finish = (result: string | undefined) => {
      input.off('data', take);
      input.setRawMode(false);
      input.pause();
      done(result);
    };
    const take = (chunk: string) => {
      for (const character of chunk) {
        if (character === '\r' || character === '\n') return finish(value);
        if (character === '\u0003' || character === '\u0004') return finish(undefined);
        value = character === '\u007f' || character === '\b' ? [...value].slice(0, -1).join('') : value + character;
      }
    };
    input.setEncoding('utf8');
    input.setRawMode(true);
    input.resume();
    input.on('data', take);
  });
}
