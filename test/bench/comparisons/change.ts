import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure, type Program } from '../measure.ts';
import { fairlead, planOf, type Setting } from '../project.ts';
import { atMost, type Row, row } from '../rows.ts';
import { say } from '../say.ts';

/** An apply of a change to one file, which makes Nginx reload, beside a plan. It goes back and forth between two values. */
export async function besidePlan({ folder }: Setting): Promise<Row[]> {
  say('measuring apply of one changed file and plan');
  const apply: Program = {
    name: 'apply, one file',
    command: fairlead('apply'),
    cwd: folder,
    before: () => flip(folder),
  };
  const [applies = [], plans = []] = await measure([apply, planOf(folder)], { warmUp: 1, counted: 7 });
  return [row('plan, in turn with apply', plans), row('apply, one changed file', applies, atMost(2.5, applies, plans))];
}

function flip(folder: string): void {
  const path = join(folder, 'deploy.yaml');
  const text = readFileSync(path, 'utf8');
  const other = text.includes('bodyLimit: 20m') ? ['20m', '21m'] : ['21m', '20m'];
  const flipped = text.replace(`bodyLimit: ${other[0]}`, `bodyLimit: ${other[1]}`);
  if (flipped === text) throw new Error('deploy.yaml has no bodyLimit to change');
  writeFileSync(path, flipped);
}
