/**
 * The files of golden cases that belong to no host: workflows, the Dockerfile, the Compose file for development. They lie where
 * they would in a real project. `npm run goldens` rewrites them.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { compileProject } from '../../src/compile/project.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import { environmentsOf } from '../../src/spec/resolve.ts';
import { compareGoldens } from '../support/golden.ts';
import { suite } from '../support/suite.ts';
import { validateCompose } from '../validators/compose.ts';
import { workflowProblems } from '../validators/workflows.ts';

const test = suite('project files of golden cases');
const here = import.meta.dirname;
const assets = await loadAssets();
const isGolden = (path: string) => /^(\.github|containers)\//.test(path);

/** Compiled files by path; none for a case that is about an error. */
function outcome(folder: string): Map<string, string> {
  try {
    const project = loadProject(join(folder, 'deploy.yaml'));
    const specs = environmentsOf(project.sources).map((environment) => specOf(project, environment, assets).spec);
    return new Map(compileProject(specs, assets.templates).map(({ path, content }) => [path, content]));
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    return new Map();
  }
}

/** What the readers of a file have to say about it. */
const problems = (path: string, text: string): string[] =>
  path.endsWith('.yml') ? workflowProblems(path, text) : path.endsWith('.yaml') ? validateCompose(text) : [];

let compiled = 0;

for (const entry of readdirSync(here, { withFileTypes: true }).filter((one) => one.isDirectory())) {
  test(entry.name.replaceAll('-', ' '), () => {
    const files = outcome(join(here, entry.name));
    compareGoldens(join(here, entry.name), files, isGolden);
    for (const [path, text] of files) assert.equal(problems(path, text), [], path);
    compiled += files.size;
  });
}

test('there are files of both kinds', () => {
  assert.ok(compiled >= 10);
});

test.run();
