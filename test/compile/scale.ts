/** Validates and compiles a project with so many hosts as the first argument says, and prints what that cost. */
import { compile } from '../../src/compile/compile.ts';
import { compiledTree } from '../../src/compile/tree.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { resolve, type Sources } from '../../src/spec/resolve.ts';
import { scaledProject } from '../bench/scale.ts';

const environment = 'production';
const files = scaledProject(Number(process.argv[2]));
const file = (path: string) => ({ path, text: files.get(path) ?? '' });
const hosts = [...files.keys()].flatMap((path) => path.match(/^hosts\/[^/]+\/([^/]+)\//)?.[1] ?? []);
const sources: Sources = {
  deploy: file('deploy.yaml'),
  hosts: hosts.map((folder) => ({ environment, folder, file: file(`hosts/${environment}/${folder}/host.yaml`) })),
};
const { contracts, templates } = await loadAssets();

/** Processor time, because other processes may want the same cores. */
function run(): number {
  const before = process.cpuUsage();
  const { spec } = resolve(sources, environment, contracts);
  for (const host of spec.hosts) compiledTree(compile({ spec, host, templates }));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const milliseconds = Math.min(run(), run(), run());
console.log(JSON.stringify({ milliseconds, mebibytes: process.resourceUsage().maxRSS / 1024 }));
