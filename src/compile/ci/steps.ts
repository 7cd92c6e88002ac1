/** Steps and jobs that the workflows share. What a workflow must never do, these never do. */
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { from, type Traced } from '../trace.ts';
import { noted, type YamlValue } from '../yaml.ts';
import { type Action, actions } from './actions.ts';

export type YamlMap = Readonly<Record<string, YamlValue>>;

/** An expression of GitHub's, for places where one is evaluated: never in `run`. */
export const expression = (text: string): string => `\${{ ${text} }}`;

/** A step that uses an action, by its commit. */
export const uses = ({ name, version, commit }: Action, inputs: YamlMap = {}): YamlMap => ({
  uses: noted(`${name}@${commit}`, version),
  ...(Object.keys(inputs).length > 0 ? { with: inputs } : {}),
});

/** A step that runs a constant shell script; values reach it as environment variables. */
export const run = (name: string, lines: readonly string[], environment: YamlMap = {}): YamlMap => ({
  name,
  ...(Object.keys(environment).length > 0 ? { env: environment } : {}),
  run: lines.length === 1 ? lines[0] : `${lines.join('\n')}\n`,
});

/** The repository, without leaving the token in its Git configuration. */
export const checkout = (): YamlMap => uses(actions.checkout, { 'persist-credentials': false });

/** Node.js, without a cache: what a pull request left there must not reach a deploy. */
export const setupNode = ({ app }: ResolvedSpec): YamlMap =>
  uses(actions.setupNode, { 'node-version': from('app.node', app.node), 'package-manager-cache': false });

/** The repository with Fairlead, which is one of its packages. */
export const fairlead = (spec: ResolvedSpec): YamlMap[] => [
  checkout(),
  setupNode(spec),
  run('Install Fairlead', ['npm ci']),
];

/** A job on the pinned runner, with a limit of time and no more permissions than it names. */
export function job(spec: ResolvedSpec, name: string, permissions: YamlMap, rest: YamlMap): YamlMap {
  const { ci } = spec;
  return {
    name,
    'runs-on': from('ci.runner', ci.runner),
    'timeout-minutes': from('ci.timeout', ci.timeout),
    permissions,
    ...rest,
  };
}

/** Where the values that a job needs come from: its GitHub environment. Without a deployment it only lends them. */
export const environment = (name: Traced, deployment: boolean): YamlMap => ({
  environment: deployment ? name : { name, deployment: false },
});

/** Name of the GitHub environment for what only reads. */
export const planEnvironment = ({ ci }: ResolvedSpec): Traced => from('ci.environment', `${ci.environment}-plan`);

/** The name of the deployed environment as a variable of a step. */
export const chosen = ({ ci }: ResolvedSpec): YamlMap => ({ ENVIRONMENT: from('ci.environment', ci.environment) });

/** Puts the key where Fairlead looks for one. Host keys are those that host.yaml pins. */
export const takeKey = (): YamlMap =>
  run(
    'Take the SSH key',
    ['install -d -m 700 ~/.ssh', '(umask 077 && printf \'%s\\n\' "$SSH_KEY" > ~/.ssh/id_ed25519)'],
    { SSH_KEY: expression('secrets.FAIRLEAD_SSH_KEY') },
  );

/** Takes the key away again, whatever happened before. */
export const dropKey = (): YamlMap => ({
  ...run('Drop the SSH key', ['rm -f ~/.ssh/id_ed25519']),
  if: expression('always()'),
});

/**
 * A step that compares the hosts with the branch and leaves plan.md for people, and what became of it in `outcome`: `same`,
 * `different` or `failed`. The text is indented, so that nothing in it is taken for Markdown.
 */
export const writePlan = (spec: ResolvedSpec): YamlMap => ({
  ...run(
    'Compare the hosts with the branch',
    [
      'status=0',
      'npm run --silent plan -- --env "$ENVIRONMENT" > plan.txt 2>&1 || status=$?',
      'case $status in 0) outcome=same ;; 2) outcome=different ;; *) outcome=failed ;; esac',
      'echo "outcome=$outcome" >> "$GITHUB_OUTPUT"',
      '{',
      '  echo "**$ENVIRONMENT: $outcome**"',
      '  echo',
      "  head -c 50000 plan.txt | sed 's/^/    /'",
      '} > plan.md',
      'cat plan.md >> "$GITHUB_STEP_SUMMARY"',
    ],
    { ...chosen(spec), NO_COLOR: '1' },
  ),
  id: 'plan',
});

/** Hands plan.md to a job that may write where this one may only read. */
export const keepPlan = (): YamlMap =>
  uses(actions.uploadArtifact, { name: 'plan', path: 'plan.md', 'retention-days': 7 });

/** Gets plan.md from the job that made it. */
export const fetchPlan = (): YamlMap => uses(actions.downloadArtifact, { name: 'plan' });

/** A job that plans with a key that need only be able to read. */
export const planJob = (spec: ResolvedSpec, name: string, rest: YamlMap = {}): YamlMap =>
  job(
    spec,
    name,
    { contents: 'read' },
    {
      ...environment(planEnvironment(spec), false),
      outputs: { outcome: expression('steps.plan.outputs.outcome') },
      ...rest,
      steps: [...fairlead(spec), takeKey(), writePlan(spec), dropKey(), keepPlan()],
    },
  );
