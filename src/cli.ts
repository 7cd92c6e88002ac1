import { Argument, Command, CommanderError, Option } from 'commander';
import type { Terminal } from './commands/context.ts';
import { Interruption } from './commands/interruption.ts';
import { DiagnosticsError, type EndingSignal, ExitCode, PIPE_CLOSED, signalExitCodes } from './diagnostic.ts';
import { colorsFor } from './report/colors.ts';
import { diagnosticsText } from './report/diagnostics.ts';
import { type Verb, verbs } from './verbs.ts';

const interruption = new Interruption({ leave: (code) => void exit(code), leaveNow: (code) => process.exit(code) });
const terminal: Terminal = {
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
  onInterrupt: (leave) => interruption.before(leave),
};

function programFor(finish: (code: ExitCode) => void): Command {
  const program = new Command('fairlead')
    .description('One reviewed deploy.yaml, compiled and applied to plain Debian and Ubuntu VMs over SSH.')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(see --help)');
  for (const verb of verbs) commandFor(program, verb, finish);
  return program;
}

function commandFor(program: Command, verb: Verb, finish: (code: ExitCode) => void): void {
  const { name, summary, examples, exits, words = [], options } = verb;
  const command = program.command(name).description(summary).exitOverride().allowExcessArguments(false);
  for (const { form, text, choices } of words) {
    const argument = new Argument(form, text);
    command.addArgument(choices ? argument.choices(choices) : argument);
  }
  for (const { form, text, choices } of options) {
    const option = new Option(form, text);
    command.addOption(choices ? option.choices(choices) : option);
  }
  command.addHelpText(
    'after',
    `\nExamples:\n${examples}\n\nExit codes:\n  ${exits}\n\nColours are off when NO_COLOR is set.`,
  );
  command.action(async () => {
    const given = { file: 'deploy.yaml', ...command.opts() };
    finish(await (await verb.load())(given as never, terminal, ...command.args));
  });
}

/** Says what went wrong without a stack trace, and gives the exit code. */
function explain(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.error;
  const colors = colorsFor(process.stderr, process.env);
  if (error instanceof DiagnosticsError) {
    if (json) process.stdout.write(`${JSON.stringify({ diagnostics: error.diagnostics }, null, 2)}\n`);
    else process.stderr.write(diagnosticsText(error.diagnostics, colors));
    return error.exitCode;
  }
  const detail = process.env.FAIRLEAD_DEBUG && error instanceof Error ? error.stack : String(error);
  process.stderr.write(
    `${colors.red('internal error')}: ${detail}\n  ${colors.green('fix:')} this is a fault of Fairlead; run again with FAIRLEAD_DEBUG=1 and report what it prints\n`,
  );
  return ExitCode.error;
}

const wantsJson = (words: readonly string[]) =>
  words.includes('--json') || words.includes('--format=json') || words[words.indexOf('--format') + 1] === 'json';

/** Lets what was printed reach its reader, then ends the process; the only place that does. */
async function exit(code: number): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((flushed) => stream.write('', flushed))),
  );
  process.exit(interruption.exitCode ?? code);
}

for (const signal of Object.keys(signalExitCodes) as EndingSignal[])
  process.on(signal, () => interruption.receive(signal));
for (const stream of [process.stdout, process.stderr]) {
  // Nobody reads any more. That is no success: hosts may be at work, and `apply | head` hides how they end.
  stream.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(interruption.exitCode ?? (error.code === 'EPIPE' ? PIPE_CLOSED : ExitCode.error)),
  );
}

async function main(): Promise<void> {
  let code: number = ExitCode.done;
  try {
    await programFor((finished) => {
      code = finished;
    }).parseAsync();
  } catch (error) {
    code = explain(error, wantsJson(process.argv));
  }
  await exit(code);
}

void main();
