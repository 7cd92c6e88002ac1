/**
 * Golden cases: each folder here is a project. One that is valid holds its compiled tree below hosts/, as a real project does;
 * one that is not holds what people are told, in diagnostics.txt. `npm run goldens` rewrites both.
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import picocolors from 'picocolors';
import * as assert from 'uvu/assert';
import { compiledTree } from '../../src/compile/tree.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import { diagnosticsText } from '../../src/report/diagnostics.ts';
import { environmentsOf } from '../../src/spec/resolve.ts';
import { compareGoldens } from '../support/golden.ts';
import { suite } from '../support/suite.ts';

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const assets = await loadAssets();
const plain = picocolors.createColors(false);
const isGolden = (path: string) =>
  path === 'diagnostics.txt' || /^hosts\/[^/]+\/[^/]+\/((manifest\.json|cloud-init\.yaml)$|rootfs\/)/.test(path);
const test = suite('golden cases');

/** What the project in a folder yields: compiled files, or the diagnostics of the first environment that has errors. */
function outcome(folder: string): Map<string, string> {
  const project = loadProject(join(folder, 'deploy.yaml'));
  const files = new Map<string, string>();
  try {
    const environments = environmentsOf(project.sources);
    for (const environment of environments.length > 0 ? environments : ['production']) {
      const { spec, warnings } = specOf(project, environment, assets);
      if (warnings.length > 0) files.set('diagnostics.txt', diagnosticsText(warnings, plain));
      for (const host of spec.hosts) {
        const tree = compiledTree(manifestOf(spec, host, assets));
        for (const [path, text] of tree) files.set(`hosts/${environment}/${host.name}/${path}`, text);
      }
    }
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    return new Map([['diagnostics.txt', diagnosticsText(error.diagnostics, plain)]]);
  }
  return files;
}

for (const name of names) {
  test(name.replaceAll('-', ' '), () => {
    const folder = join(here, name);
    const files = outcome(folder);
    assert.ok(files.size > 0, 'a case yields a tree or diagnostics');
    compareGoldens(folder, files, isGolden);
  });
}

test('there are cases of both kinds', () => {
  assert.ok(names.length >= 20);
});

test.run();
