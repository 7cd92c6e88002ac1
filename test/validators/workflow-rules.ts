/** Rules for workflows that no parser knows: what makes one safe to run on what strangers propose, and with secrets. */
import { parse } from 'yaml';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: unknown;
  readonly environment?: unknown;
  readonly needs?: string | readonly string[];
  readonly 'runs-on'?: string;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

type Rule = (workflow: Workflow, text: string) => string[];

const jobsOf = ({ jobs }: Workflow) => Object.entries(jobs).map(([id, job]) => ({ id, job }));
const stepsOf = (workflow: Workflow) =>
  jobsOf(workflow).flatMap(({ id, job }) => (job.steps ?? []).map((step) => ({ id, job, step })));
const isEmptyMap = (value: unknown) => JSON.stringify(value) === '{}';
const deploys = (workflow: Workflow) => 'push' in workflow.on;

const rules: Readonly<Record<string, Rule>> = {
  'the workflow as a whole has no permissions': ({ permissions }) => (isEmptyMap(permissions) ? [] : ['permissions']),

  'each job names its permissions': (workflow) =>
    jobsOf(workflow).flatMap(({ id, job }) => (typeof job.permissions === 'object' ? [] : [id])),

  'each action stands at a commit, with its version behind it': (_workflow, text) =>
    text
      .split('\n')
      .filter((line) => /^\s*(- )?uses:/.test(line) && !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),

  'a checkout leaves no credentials behind': (workflow) =>
    stepsOf(workflow).flatMap(({ id, step }) =>
      step.uses?.startsWith('actions/checkout@') && step.with?.['persist-credentials'] !== false ? [id] : [],
    ),

  'no expression stands in a script': (workflow) =>
    stepsOf(workflow).flatMap(({ id, step }) => (step.run?.includes('${{') ? [id] : [])),

  'no trigger runs the code of a stranger with the rights of the repository': ({ on }) =>
    Object.keys(on).filter((event) => event === 'pull_request_target' || event === 'workflow_run'),

  'secrets are only in jobs with an environment': (workflow) =>
    jobsOf(workflow).flatMap(({ id, job }) =>
      /\$\{\{[^}]*\bsecrets\b/.test(JSON.stringify(job)) && !job.environment ? [id] : [],
    ),

  'nothing of another run is reused where it deploys': (workflow) =>
    stepsOf(workflow).flatMap(({ id, step }) => {
      const inputs = JSON.stringify(step.with ?? {});
      const cached =
        /actions\/cache@/.test(step.uses ?? '') || /"(cache|cache-from|cache-to)":(?!"false")/.test(inputs);
      const setUp = step.uses?.startsWith('actions/setup-node@') && step.with?.['package-manager-cache'] !== false;
      return deploys(workflow) && (cached || setUp) ? [id] : [];
    }),

  'deploys wait for each other, and none is dropped': (workflow) => {
    const { concurrency } = workflow;
    return deploys(workflow) && !(concurrency?.['cancel-in-progress'] === false && concurrency.queue === 'max')
      ? ['concurrency']
      : [];
  },

  'checks of pull requests run in the merge queue as well': ({ on }) =>
    'pull_request' in on && !('merge_group' in on) ? ['on'] : [],

  'each job has a pinned runner and a limit of time': (workflow) =>
    jobsOf(workflow).flatMap(({ id, job }) =>
      /^ubuntu-\d\d\.\d\d(-arm)?$/.test(job['runs-on'] ?? '') && job['timeout-minutes'] ? [] : [id],
    ),

  'each job needs only jobs that there are': (workflow) =>
    jobsOf(workflow).flatMap(({ id, job }) =>
      [job.needs ?? []].flat().flatMap((needed) => (needed in workflow.jobs ? [] : [`${id}: ${needed}`])),
    ),

  'packages are installed from the lock file': (workflow) =>
    // What ci.check does is the project's own choice.
    stepsOf(workflow)
      .filter(({ step }) => step.name !== 'Check')
      .flatMap(({ id, step }) => (/\bnpx\b|npm (i|install)\b|curl|wget/.test(step.run ?? '') ? [id] : [])),
};

/** Names of all rules. */
export const workflowRules = Object.keys(rules);

/** The rules that a workflow breaks, each with where it does. */
export function brokenRules(text: string): string[] {
  const workflow = parse(text) as Workflow;
  return Object.entries(rules).flatMap(([name, rule]) => rule(workflow, text).map((where) => `${name}: ${where}`));
}
