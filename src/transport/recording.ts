import { Readable } from 'node:stream';
import type { CommandOptions, CommandResult, Connection } from './transport.ts';

/** One script that was run, with all of its input. */
export interface Call {
  readonly script: string;
  readonly input: Buffer;
}

/** What a script comes to; what is left out is 0 or empty. */
export interface Answer {
  readonly code?: number;
  readonly stdout?: string | Buffer;
  readonly stderr?: string;
}

/** Answers by script: the text itself, or what it must match; the first that fits counts. */
export type Answers = readonly (readonly [script: string | RegExp, answer: Answer | ((call: Call) => Answer)])[];

/**
 * A connection that notes what it is asked to do. It reaches a host when it is given a connection to one, and otherwise nobody:
 * then it answers from a table, and a script that the table does not know is an error.
 */
export class RecordingConnection implements Connection {
  /** In the order in which they were begun. */
  readonly calls: Call[] = [];
  /** How often it was closed. */
  closed = 0;

  constructor(private readonly behind: Connection | Answers) {}

  async run(script: string, options: CommandOptions = {}): Promise<CommandResult> {
    const call = { script, input: await read(options.input) };
    this.calls.push(call);
    return 'run' in this.behind
      ? this.behind.run(script, again(options, call.input))
      : told(answerTo(call, this.behind), options);
  }

  close(): void {
    this.closed += 1;
    if ('run' in this.behind) this.behind.close();
  }
}

async function read(input: string | Readable | undefined): Promise<Buffer> {
  if (input === undefined || typeof input === 'string') return Buffer.from(input ?? '');
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The options of a run with the input that was read from them. */
const again = (options: CommandOptions, input: Buffer): CommandOptions =>
  options.input === undefined ? options : { ...options, input: Readable.from([input], { objectMode: false }) };

function answerTo(call: Call, answers: Answers): Answer {
  const known = answers.find(([script]) =>
    script instanceof RegExp ? script.test(call.script) : script === call.script,
  );
  if (!known) throw new Error(`the recording has no answer to the script:\n${call.script}`);
  return typeof known[1] === 'function' ? known[1](call) : known[1];
}

function told({ code = 0, stdout = '', stderr = '' }: Answer, { onLine }: CommandOptions): CommandResult {
  const bytes = Buffer.from(stdout as string);
  if (onLine) for (const line of bytes.toString('utf8').split('\n').slice(0, -1)) onLine(line);
  return { code, stdout: bytes, stderr };
}
