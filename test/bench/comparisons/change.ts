import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure, type Program } from '../measure.ts';
import { fairlead, planOf, type Setting } from '../project.ts';
import { atMost, type Row, row } from '../rows.ts';
import { say } from '../say.ts';

/**
 * Applies of a change to one file beside a plan, each going back and forth between two values: a file that nothing has to take
 * up at once (of logrotate), and one of Nginx, which reloads, takes a tenth of a second to change its workers, and is asked.
 */
export async function besidePlan({ folder }: Setting): Promise<Row[]> {
  say('measuring applies of one changed file, and plan');
  const change = (name: string, flip: () => void): Program => ({
    name,
    command: fairlead('apply'),
    cwd: folder,
    before: flip,
  });
  const programs = [
    change('one file', () => flip(folder, 'days: 30', 'days: 31')),
    planOf(folder),
    change('one file of Nginx', () => flip(folder, 'bodyLimit: 20m', 'bodyLimit: 21m')),
  ];
  const [files = [], plans = [], sites = []] = await measure(programs, { warmUp: 1, counted: 7 });
  return [
    row('plan, in turn with apply', plans),
    row('apply, one changed file', files, atMost(2.5, files, plans)),
    row('apply, one of Nginx, which reloads', sites, atMost(2.5, sites, plans)),
  ];
}

/** Writes one text in place of the other, whichever is there. */
function flip(folder: string, one: string, other: string): void {
  const path = join(folder, 'deploy.yaml');
  const text = readFileSync(path, 'utf8');
  const flipped = text.includes(one) ? text.replace(one, other) : text.replace(other, one);
  if (flipped === text) throw new Error(`deploy.yaml has neither ${one} nor ${other}`);
  writeFileSync(path, flipped);
}
