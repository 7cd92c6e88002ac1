import { measure, type Program } from '../measure.ts';
import { fairlead, type Setting } from '../project.ts';
import { below, memoryRow, type Row, row, within } from '../rows.ts';
import { say } from '../say.ts';
import { writeScaledProject } from '../scale.ts';
import { ratios } from '../statistics.ts';

/** How many hosts the measured projects have; all have 50 domains. */
const sizes = [10, 50, 200];

/** The commands that need no host, beside the least that a Node program takes. */
export async function besideNode({ folder }: Setting): Promise<Row[]> {
  say('measuring validate and compile');
  const node: Program = { name: 'node -e 0', command: [process.execPath, '-e', '0'] };
  const commands = ['validate', 'compile'].map((verb) => ({ name: verb, command: fairlead(verb), cwd: folder }));
  const [bare = [], ...costs] = await measure([node, ...commands], { warmUp: 2, counted: 15 });
  const [validates = [], compiles = []] = costs;
  return [
    row('node -e 0', bare),
    row('validate', validates, within(150, validates, bare)),
    row('compile', compiles, within(150, compiles, bare)),
  ];
}

/** How the cost of compile grows with the hosts. */
export async function bySize(): Promise<Row[]> {
  say(`measuring compile of ${sizes.join(', ')} hosts`);
  const programs = sizes.map(
    (hosts): Program => ({
      name: `compile, ${hosts} hosts`,
      command: fairlead('compile', 'production'),
      cwd: writeScaledProject(hosts),
    }),
  );
  const costs = await measure(programs, { warmUp: 1, counted: 5 });
  return costs.flatMap((ofSize, index) => {
    const name = `compile, ${sizes[index]} hosts`;
    const smaller = costs[index - 1];
    const growth = smaller ? `${ratios(ofSize, smaller).ofMedians.toFixed(1)} × ${sizes[index - 1]} hosts` : '';
    return [row(name, ofSize, below(2000, ofSize, growth)), memoryRow(`${name}, peak memory`, ofSize, 286)];
  });
}
