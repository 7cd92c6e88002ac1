/** Workflows: GitHub's parser reads all that are compiled, and none breaks a rule; each rule is shown to find what it is for. */
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { actions } from '../../src/compile/ci/actions.ts';
import { suite } from '../support/suite.ts';
import { parserProblems } from '../validators/workflow-parser.ts';
import { brokenRules, workflowRules } from '../validators/workflow-rules.ts';
import { workflowProblems } from '../validators/workflows.ts';
import { projectFiles, specFrom } from './projects.ts';

const test = suite('workflows');

const base = `name: notes
app: { source: service, start: node server.js, image: ghcr.io/example/notes }
tls: { provider: none }
`;

/** Workflows by name for a section `ci`, and what else the file says. */
function workflowsOf(ci: string, more = ''): Map<string, string> {
  const files = projectFiles(specFrom(`${base}${more}ci: { provider: github, ${ci} }\n`));
  return new Map(
    [...files].filter(([path]) => path.startsWith('.github/')).map(([path, text]) => [path.slice(18, -4), text]),
  );
}

const database = 'database: { engine: postgres }\nbackups: { engine: none }\ncache: { engine: redis }\n';
const secrets = 'secrets: { TOKEN: { from: env }, OTHER: { from: env, variable: NOTES_OTHER } }\n';

const variations: Readonly<Record<string, Map<string, string>>> = {
  'the defaults': workflowsOf('check: npm ci && npm test'),
  everything: workflowsOf('plan: true, image: true, drift: "@hourly"', database + secrets),
  'no deploy and no drift': workflowsOf('deploy: false, drift: never'),
  'an image and no deploy': workflowsOf('deploy: false, image: true'),
  'another branch, runner and limit': workflowsOf('branch: release/1.x, runner: ubuntu-24.04-arm, timeout: 5'),
  'hostile checks': workflowsOf(`check: 'echo "$HOME" \`id\` # : { } \\ %20 && echo ''x'' {{ y }}'`),
};

for (const [name, files] of Object.entries(variations)) {
  test(`${name}: GitHub reads them, and no rule is broken`, () => {
    assert.ok(files.size >= 1);
    for (const [path, text] of files) assert.equal(workflowProblems(path, text), [], path);
  });
}

test('workflows are there when they are asked for', () => {
  assert.equal([...variations['the defaults']!.keys()].sort(), ['deploy', 'drift', 'pull-request']);
  assert.equal([...variations['no deploy and no drift']!.keys()], ['pull-request']);
  assert.equal([...variations['an image and no deploy']!.keys()].sort(), ['deploy', 'drift', 'pull-request']);
  assert.is(projectFiles(specFrom(base)).size, 0, 'the control: without a provider there are none');
});

type Jobs = Record<
  string,
  { steps: { run?: string; env?: Record<string, string> }[]; services?: object; environment?: unknown }
>;
const jobsOf = (text: string | undefined) => (parse(text ?? '') as { jobs: Jobs }).jobs;

test('the check runs as it is written, with the services that the file has', () => {
  const { check } = jobsOf(variations['hostile checks']!.get('pull-request'));
  assert.is(check?.steps.at(-1)?.run, `echo "$HOME" \`id\` # : { } \\ %20 && echo 'x' {{ y }}`);
  assert.is(check?.services, undefined);
  const all = jobsOf(variations.everything!.get('pull-request')).check;
  assert.equal(Object.keys(all?.services ?? {}), ['database', 'cache']);
});

test('secrets of the environment reach the apply alone, by the names that hold them', () => {
  const text = variations.everything!.get('deploy');
  const named = Object.entries(jobsOf(text)).filter(([, job]) => JSON.stringify(job).includes('secrets.'));
  assert.equal(
    named.map(([id]) => id),
    ['apply'],
  );
  const apply = named[0]?.[1].steps.find(({ env }) => env?.NOTES_OTHER);
  assert.is(apply?.env?.TOKEN, '\u0024{{ secrets.TOKEN }}');
  assert.is(apply?.env?.NOTES_OTHER, '\u0024{{ secrets.NOTES_OTHER }}');
});

test('cron words become what GitHub knows', () => {
  const { on } = parse(variations.everything!.get('drift') ?? '') as { on: { schedule: { cron: string }[] } };
  assert.is(on.schedule[0]?.cron, '0 * * * *');
});

test('workflows for an environment that there is not are refused, with its place', () => {
  assert.throws(
    () => workflowsOf('environment: elsewhere'),
    /ci.environment-unknown: .*elsewhere.*there is production/,
  );
});

test('every action is pinned to a commit', () => {
  for (const { commit, version } of Object.values(actions)) {
    assert.match(commit, /^[0-9a-f]{40}$/);
    assert.match(version, /^v\d+\.\d+\.\d+$/);
  }
});

test("GitHub's parser finds mistakes", () => {
  const job = (step: string) => `on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - ${step}\n`;
  assert.equal(parserProblems('a.yml', job('run: echo')), [], 'the control');
  for (const step of ['rnu: echo', 'run: echo \u0024{{ nothing.here }}', 'if: \u0024{{ alway() }}\n        run: echo'])
    assert.is.not(parserProblems('a.yml', job(step)).length, 0, step);
});

/** A good deploy workflow, and for each rule a change that breaks it. */
const good = variations.everything!.get('deploy') ?? '';
const reviewed = variations.everything!.get('pull-request') ?? '';
const breaking: Readonly<Record<string, string>> = {
  'the workflow as a whole has no permissions': good.replace('permissions: {}', 'permissions: write-all'),
  'each job names its permissions': good.replace(/ {4}permissions:\n {6}packages: read\n/, ''),
  'each action stands at a commit, with its version behind it': good.replace(/@[0-9a-f]{40} # v[\d.]+/, '@v7'),
  'a checkout leaves no credentials behind': good.replace('persist-credentials: false', 'fetch-depth: 1'),
  'no expression stands in a script': good.replace('run: npm ci', 'run: echo \u0024{{ github.head_ref }}'),
  'no trigger runs the code of a stranger with the rights of the repository': reviewed.replace(
    'pull_request:',
    'pull_request_target:',
  ),
  'secrets are only in jobs with an environment': good.replace('    environment: production\n', ''),
  'nothing of another run is reused where it deploys': good.replace('package-manager-cache: false', 'cache: npm'),
  'deploys wait for each other, and none is dropped': good.replace('  queue: max\n', ''),
  'checks of pull requests run in the merge queue as well': reviewed.replace(/ {2}merge_group:\n.*\n.*\n/, ''),
  'each job has a pinned runner and a limit of time': good.replace('runs-on: ubuntu-24.04', 'runs-on: ubuntu-latest'),
  'each job needs only jobs that there are': good.replace('- scan\n', '- scam\n'),
  'packages are installed from the lock file': good.replace('run: npm ci', 'run: npm install'),
};

for (const rule of workflowRules) {
  test(`it would be seen if it were not so that ${rule}`, () => {
    const text = breaking[rule];
    assert.ok(text !== undefined && text !== good && text !== reviewed, 'there is a change for it');
    assert.ok(brokenRules(text ?? '').some((problem) => problem.startsWith(`${rule}:`)));
  });
}

test.run();
