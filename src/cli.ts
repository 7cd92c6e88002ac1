import { Command, CommanderError, Option } from 'commander';
import type { CommonOptions, Terminal } from './commands/context.ts';
import { DiagnosticsError, ExitCode } from './diagnostic.ts';
import { colorsFor } from './report/colors.ts';
import { diagnosticsText } from './report/diagnostics.ts';

const terminal: Terminal = { out: process.stdout, err: process.stderr, environment: process.env };

type Run = (options: CommonOptions & { check?: boolean }, terminal: Terminal, what?: string) => Promise<ExitCode>;

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly examples: string;
  readonly exits: string;
  readonly check?: true;
  /** What it takes beside options, in commander's notation. */
  readonly argument?: { readonly form: string; readonly text: string };
  /** Commands are loaded when they run, so that validate does not wait for SSH. */
  readonly load: () => Promise<Run>;
}

const verbs: readonly Verb[] = [
  {
    name: 'validate',
    summary: 'check deploy.yaml and every host.yaml, and say all that is wrong at once',
    examples: '  npm run validate\n  npm run validate -- --env production --json',
    exits: '0 valid, 1 not valid',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  {
    name: 'compile',
    summary: 'write what each host will get to hosts/<environment>/<host>/rootfs, for review and for git',
    examples: '  npm run compile\n  npm run compile -- --check     # in CI: fail when hosts/ is not up to date',
    exits: '0 done, 1 not valid, or with --check not up to date',
    check: true,
    load: async () => (await import('./commands/compile.ts')).compile,
  },
  {
    name: 'plan',
    summary: 'compare deploy.yaml with the live hosts and show the difference; changes nothing',
    examples: '  npm run plan\n  npm run plan -- --env production --host web-1\n  npm run plan -- --json > plan.json',
    exits: '0 nothing to do, 2 changes, 1 error',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'apply',
    summary: 'bring the hosts to what deploy.yaml says',
    examples:
      '  npm run apply\n  npm run apply -- --host web-1\n  npm run apply -- --json        # progress as JSON lines',
    exits:
      '0 converged, 1 failed with nothing changed, 3 rolled back, 4 partial, 5 locked,\n  6 stale plan, 7 refused (conflict), 8 unreachable or wrong host key',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  {
    name: 'explain',
    summary: 'say which line of deploy.yaml caused a compiled line, or what a key causes',
    argument: { form: '<what>', text: 'a compiled file with or without :line, or a key' },
    examples:
      '  npm run explain -- hosts/production/web-1/rootfs/etc/nginx/sites-available/notes.conf:26\n  npm run explain -- /etc/fairlead/notes/app.env --env production\n  npm run explain -- proxy.timeouts',
    exits: '0 explained, 1 there is no such file, line or key',
    load: async () => {
      const { explain } = await import('./commands/explain.ts');
      return (options, terminal, what = '') => explain(options, terminal, what);
    },
  },
  {
    name: 'docs',
    summary: 'describe a key of deploy.yaml, or of host.yaml as host.<key>',
    argument: { form: '[key]', text: 'such as proxy.timeouts; without one, the sections' },
    examples: '  npm run docs\n  npm run docs -- proxy.bodyLimit\n  npm run docs -- host.hostKeys',
    exits: '0 described, 1 there is no such key',
    load: async () => (await import('./commands/docs.ts')).docs,
  },
];

function programFor(finish: (code: ExitCode) => void): Command {
  const program = new Command('fairlead')
    .description('One reviewed deploy.yaml, compiled and applied to plain Debian VMs over SSH.')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(see --help)');
  for (const verb of verbs) {
    const command = program
      .command(verb.name)
      .description(verb.summary)
      .exitOverride()
      .allowExcessArguments(false)
      .option('--env <name>', 'environment: a folder of hosts/ (default: production, or the only one)')
      .addOption(new Option('--file <path>', 'the deploy file').default('deploy.yaml'))
      .option('--json', 'print JSON for programs instead of text for people')
      .addHelpText(
        'after',
        `\nExamples:\n${verb.examples}\n\nExit codes:\n  ${verb.exits}\n\nColours are off when NO_COLOR is set.`,
      );
    command.option('--host <name...>', 'only these hosts');
    if (verb.check) command.option('--check', 'only compare, and fail when a file would change');
    if (verb.argument) command.argument(verb.argument.form, verb.argument.text);
    command.action(async (...given) => {
      const what = verb.argument ? (given[0] as string | undefined) : undefined;
      finish(await (await verb.load())(command.opts(), terminal, what));
    });
  }
  return program;
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

/** Lets what was printed reach its reader, then ends the process; the only place that does. */
async function exit(code: number): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((flushed) => stream.write('', flushed))),
  );
  process.exit(code);
}

process.once('SIGINT', () => void exit(130));
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

async function main(): Promise<void> {
  let code: number = ExitCode.done;
  try {
    await programFor((finished) => {
      code = finished;
    }).parseAsync();
  } catch (error) {
    code = explain(error, process.argv.includes('--json'));
  }
  await exit(code);
}

void main();
