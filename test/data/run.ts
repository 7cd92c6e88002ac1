/**
 * `npm run test:data`: breaks databases and their backups on real hosts, in every way that is known to go unnoticed, and looks whether it
 * is told and whether anything is lost. Too long for `npm test`. docs/backups.md has the results.
 */
import { parseArgs } from 'node:util';
import { asRelease, releases } from '../lab/releases.ts';
import { endChildren } from '../support/child.ts';
import { hosts } from '../support/stages.ts';
import { sentence } from '../support/tally.ts';

const stories = ['sabotage', 'dumps', 'crashes', 'repositories', 'upgrades'];

const help = `usage: npm run test:data [-- [<story>…] [--release <release>]…]

Stories: ${stories.join(', ')}; all of them when none is named. Releases: ${releases.join(' and ')}.
`;

const { values, positionals } = parseArgs({
  options: { release: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});
const unknown = positionals.find((one) => !stories.includes(one));
if (values.help) {
  console.log(help);
} else if (unknown !== undefined) {
  console.error(`there is no story ${unknown}; choose from ${stories.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, endChildren);
  const wanted = positionals.length > 0 ? positionals : stories;
  const tally = await hosts(
    'test/data',
    `^(${wanted.join('|')})\\.test\\.ts$`,
    values.release?.map(asRelease) ?? releases,
    'warm',
  );
  console.log(`\n${sentence(tally)}`);
  process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}
