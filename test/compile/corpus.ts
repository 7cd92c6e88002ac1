/** Prints one line for everything that the golden cases compile to, for a comparison of processes. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import picocolors from 'picocolors';
import { compileProject } from '../../src/compile/project.ts';
import { compiledTree } from '../../src/compile/tree.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import { diagnosticsText } from '../../src/report/diagnostics.ts';
import { environmentsOf } from '../../src/spec/resolve.ts';

const cases = fileURLToPath(new URL('../cases/', import.meta.url));
const assets = await loadAssets();

/** Compiled texts of a project by path, or what is wrong with it. */
function compiled(name: string): [path: string, text: string][] {
  try {
    const project = loadProject(join(cases, name, 'deploy.yaml'));
    const specs = environmentsOf(project.sources).map((one) => specOf(project, one, assets).spec);
    const trees = specs.flatMap((spec) =>
      spec.hosts.flatMap((host) => {
        const tree = [...compiledTree(manifestOf(spec, host, assets))];
        return tree.map(([path, text]): [string, string] => [`${spec.environment}/${host.name}/${path}`, text]);
      }),
    );
    const files = compileProject(specs, assets.templates);
    return [...trees, ...files.map(({ path, content }): [string, string] => [path, content])];
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    return [['diagnostics', diagnosticsText(error.diagnostics, picocolors.createColors(false))]];
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** One line a file: its digest, its case and its path. */
export const corpus = (): string =>
  readdirSync(cases, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => compiled(name).map(([path, text]) => `${digest(text)} ${name} ${path}`))
    .join('\n');

if (process.argv.includes('print')) process.stdout.write(corpus());
