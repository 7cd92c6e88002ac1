import { parseArgs } from 'node:util';
import { asRelease, releases } from './lab/releases.ts';
import { endChildren } from './support/child.ts';
import { type Stage, stages } from './support/stages.ts';
import { none, sentence, sum, type Tally } from './support/tally.ts';

const help = `usage: npm test [-- <stage>… [--release <release>]…]

Runs the tests of this repository, or of the stages that are named, and ends with their tally.

  check     linters and types
  unit      everything that needs no other process
  service   the notes service on a PostgreSQL cluster of its own
  lab       Fairlead on real hosts: ${releases.join(' and ')} with systemd, in containers

  --release <release>   run the lab with this release only
  --help                print this text
`;

const options = { release: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } } as const;

let interrupted = false;

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  return 1;
});

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const chosen = positionals.length > 0 ? positionals.map(asStage) : (Object.keys(stages) as Stage[]);
  const wanted = values.release?.map(asRelease) ?? releases;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);

  const tallies: Tally[] = [];
  for (const stage of chosen) {
    if (interrupted) break;
    tallies.push(await run(stage, () => stages[stage]({ releases: wanted })));
  }
  if (interrupted) {
    console.error('interrupted');
    return 130;
  }
  const total = sum(tallies);
  console.log(`\n${sentence(total)}`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Runs a stage under its heading; one that throws is a failure. */
async function run(name: Stage, stage: () => Promise<Tally>): Promise<Tally> {
  console.log(`\n== ${name}`);
  const started = performance.now();
  const tally = await stage().catch((error: Error) => {
    console.error(error.message);
    return { ...none, failed: 1 };
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`== ${name}: ${sentence(tally)} in ${seconds} s`);
  return tally;
}

function asStage(name: string): Stage {
  if (name in stages) return name as Stage;
  throw new Error(
    `there is no stage ${name}; choose from ${Object.keys(stages).join(', ')}, or see npm test -- --help`,
  );
}

function interrupt() {
  interrupted = true;
  endChildren();
}
