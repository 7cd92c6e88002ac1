import { scheduleProblem } from '../schedule.ts';
import type { ResolvedDeployFile, ResolvedHostFile } from '../types.ts';
import { containerRules } from './containers.ts';
import { error, type Rule, type RuleContext, warning } from './rule.ts';

const hasWorkflows = ({ ci }: ResolvedDeployFile) => ci.provider === 'github';

/** Whether a merge builds the image: as ci.image says, else when the hosts run it. */
export const buildsImage = ({ app, ci }: Pick<ResolvedDeployFile, 'app' | 'ci'>): boolean =>
  ci.image ?? app.runtime === 'compose';

const imageNeedsName: Rule = ({ document, spec }) =>
  spec.ci.image && spec.app.image === undefined
    ? [
        error(
          document,
          ['ci', 'image'],
          'ci.image-name',
          'ci.image builds app.image, and that names none',
          `add to app: "image: ghcr.io/your-name/${spec.name}"`,
        ),
      ]
    : [];

const imageIsOnGitHub: Rule = ({ document, spec }) =>
  hasWorkflows(spec) && buildsImage(spec) && spec.app.image !== undefined && !spec.app.image.startsWith('ghcr.io/')
    ? [
        error(
          document,
          ['app', 'image'],
          'ci.image-registry',
          `the workflow pushes with its own token, which only ghcr.io takes, and app.image is ${spec.app.image}`,
          'use an image of ghcr.io, or set ci.image: false and push the image yourself',
        ),
      ]
    : [];

const unusedWithoutProvider: Rule = ({ document, spec }) => {
  const plain = document.toPlain() as { ci?: Record<string, unknown> };
  const others = Object.keys(plain.ci ?? {}).filter((key) => key !== 'provider');
  return !hasWorkflows(spec) && others.length > 0
    ? [
        warning(
          document,
          ['ci', others[0]!],
          'ci.unused',
          `ci.${others[0]} has no effect, because ci.provider is none`,
          'add "provider: github" to ci, or delete the section',
          'key',
        ),
      ]
    : [];
};

const checkHoldsNoExpression: Rule = ({ document, spec }) =>
  spec.ci.check.includes('${{')
    ? [
        error(
          document,
          ['ci', 'check'],
          'ci.check-expression',
          'ci.check holds ${{, which GitHub would replace before the shell runs',
          'read what you need from environment variables, such as "$GITHUB_SHA"',
        ),
      ]
    : [];

/** GitHub's own floor for scheduled workflows, in minutes. */
const shortestPause = 5;

const driftSchedule: Rule = ({ document, spec }) => {
  const { drift } = spec.ci;
  if (drift === 'never') return [];
  const problem = (code: string, message: string, fix: string) => [
    error(document, ['ci', 'drift'], code, message, fix),
  ];
  const invalid = scheduleProblem(drift);
  if (invalid) {
    return problem(
      'ci.drift-schedule',
      `ci.drift "${drift}" cannot be used: ${invalid}`,
      'write a time such as "17 5 * * *", or never',
    );
  }
  if (/7/.test(drift.split(' ')[4] ?? '')) {
    return problem(
      'ci.drift-sunday',
      'GitHub counts the days of the week from 0, Sunday, to 6',
      'write SUN or 0 for Sunday',
    );
  }
  return shortestGap(drift.split(' ')[0] ?? '') < shortestPause
    ? problem(
        'ci.drift-often',
        `GitHub starts a workflow at most every ${shortestPause} minutes, and ci.drift asks for more`,
        'write "*/5 * * * *" or less often',
      )
    : [];
};

/** The least number of minutes between two runs of an hour, by the minute field of a valid cron expression. */
function shortestGap(field: string): number {
  const minutes = [...new Set(field.split(',').flatMap(minutesOf))].sort((a, b) => a - b);
  return Math.min(...minutes.map((minute, index) => (minutes[index + 1] ?? minutes[0]! + 60) - minute));
}

/** `5`, `0-30`, `*` or any of them with a step. An `@word` is on the hour. */
function minutesOf(part: string): number[] {
  const [, first = '0', last, step] = part.replace('*', '0-59').match(/^(\d+)(?:-(\d+))?(?:\/(\d+))?$/) ?? [];
  const end = last === undefined ? (step === undefined ? Number(first) : 59) : Number(last);
  const stride = Number(step ?? 1);
  return Array.from(
    { length: Math.floor((end - Number(first)) / stride) + 1 },
    (_, index) => Number(first) + index * stride,
  );
}

/** Secrets that the workflow hands over as environment variables, with the names that GitHub would have to keep them by. */
export const environmentSecrets = ({ secrets }: Pick<ResolvedDeployFile, 'secrets'>) =>
  Object.entries(secrets).flatMap(([name, secret]) =>
    secret.from === 'env' ? [{ name, variable: secret.variable ?? name }] : [],
  );

const secretNameIsFree: Rule = ({ document, spec }) =>
  hasWorkflows(spec)
    ? environmentSecrets(spec)
        .filter(({ variable }) => /^(GITHUB_|RUNNER_|FAIRLEAD_SSH_KEY$)/i.test(variable))
        .map(({ name, variable }) =>
          error(
            document,
            ['secrets', name],
            'ci.secret-name',
            `GitHub keeps no secret named ${variable} for the workflow`,
            `name another: "variable: ${spec.name.toUpperCase().replaceAll('-', '_')}_${name}"`,
            'key',
          ),
        )
    : [];

const runnersHaveNoKeyFiles: Rule = (project) =>
  deployedHosts(project).flatMap(({ document, host }) =>
    keyFilesOf(host).map(({ path, file }) =>
      warning(
        document,
        path,
        'ci.identity-file',
        `the workflow puts its key into ~/.ssh/id_ed25519, and host ${host.name} logs in with ${file}`,
        'delete identityFile, and add the key to your SSH agent (ssh-add)',
      ),
    ),
  );

const nobodyTypesPasswords: Rule = (project) =>
  deployedHosts(project)
    .filter(({ host }) => host.sudo === 'password' && host.user !== 'root')
    .map(({ document, host }) =>
      warning(
        document,
        ['sudo'],
        'ci.sudo-password',
        `nobody types the sudo password of host ${host.name} in a workflow`,
        `on the host, write "${host.user} ALL=(ALL) NOPASSWD: ALL" to /etc/sudoers.d/${host.user}, and delete sudo`,
      ),
    );

/** The hosts that the workflow deploys to. */
const deployedHosts = ({ spec, hosts, environment }: RuleContext) =>
  hasWorkflows(spec) && spec.ci.deploy && spec.ci.environment === environment ? hosts : [];

/** The keys of host.yaml that name files, with the files. */
const keyFilesOf = ({ identityFile, jump }: ResolvedHostFile) => [
  ...(identityFile === undefined ? [] : [{ path: ['identityFile'], file: identityFile }]),
  ...(jump?.identityFile === undefined ? [] : [{ path: ['jump', 'identityFile'], file: jump.identityFile }]),
];

/** Rules about workflows and containers. */
export const ciRules: readonly Rule[] = [
  ...containerRules,
  imageNeedsName,
  imageIsOnGitHub,
  unusedWithoutProvider,
  checkHoldsNoExpression,
  driftSchedule,
  secretNameIsFree,
  runnersHaveNoKeyFiles,
  nobodyTypesPasswords,
];
