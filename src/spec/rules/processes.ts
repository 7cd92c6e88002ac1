import { splitCommand } from '../command.ts';
import type { KeyPath } from '../document.ts';
import { drainTimes } from '../drain.ts';
import { periodOf, scheduleProblem } from '../schedule.ts';
import type { ResolvedDeployFile } from '../types.ts';
import { megabytes, milliseconds, seconds } from '../units.ts';
import { error, type Rule, warning } from './rule.ts';

/** What web instances, workers and jobs have in common, with the place of each in the file. */
export interface ProcessKeys {
  /** `app` for the web instances, `app.workers.<name>` and `app.jobs.<name>` for the others. */
  readonly path: KeyPath;
  readonly kind: 'web' | 'worker' | 'job';
  readonly memory: string;
  readonly network: boolean;
  readonly env: ResolvedDeployFile['app']['env'];
  readonly secrets: readonly string[];
}

/** All processes of a file, the web instances first. */
export function processesOf({ app }: ResolvedDeployFile): ProcessKeys[] {
  const named = <P>(kind: 'worker' | 'job', list: string, map: Readonly<Record<string, P>>) =>
    Object.entries(map).map(([name, process]) => ({ ...process, kind, path: ['app', list, name] }));
  return [
    { ...app, kind: 'web', path: ['app'] },
    ...named('worker', 'workers', app.workers),
    ...named('job', 'jobs', app.jobs),
  ];
}

/** The commands that run on the host, as key paths; only those that are given. */
const hostCommands = ({ app }: ResolvedDeployFile): [KeyPath, string][] => [
  [['app', 'start'], app.start],
  ...(app.migrations === undefined ? [] : [[['app', 'migrations'], app.migrations] as [KeyPath, string]]),
  ...Object.entries(app.workers).map(([name, { command }]): [KeyPath, string] => [
    ['app', 'workers', name, 'command'],
    command,
  ]),
  ...Object.entries(app.jobs).map(([name, { command }]): [KeyPath, string] => [
    ['app', 'jobs', name, 'command'],
    command,
  ]),
];

/** npx is not on the host, but what it would run is in the shipped folder. */
const programFix = ([program = '', ...rest]: readonly string[]) =>
  program === 'npx'
    ? `write "node node_modules/.bin/${rest.join(' ')}"`
    : 'write "node" and the JavaScript file to run, such as "node dist/server.js"';

const commandRunsWithoutShell: Rule = ({ document, spec }) =>
  hostCommands(spec).flatMap(([path, line]) => {
    const command = splitCommand(line);
    const name = path.join('.');
    if ('problem' in command) {
      return [
        error(
          document,
          path,
          'app.command',
          `${name} cannot be run: ${command.problem}`,
          'write one program with its arguments, and put quotes around special characters',
        ),
      ];
    }
    if (command.words[0] === 'node') return [];
    const problem = `${name} starts with "${command.words[0]}"; only the carried runtime can be run`;
    return [error(document, path, 'app.command-program', problem, programFix(command.words))];
  });

/** Names that tell parts of the project itself apart. */
const partNames = ['blue', 'green', 'live', 'web', 'gate', 'proxy', 'migrate', 'migrations'];

const processNameIsFree: Rule = ({ document, spec }) =>
  (['workers', 'jobs'] as const).flatMap((list) =>
    Object.keys(spec.app[list])
      .filter((name) => partNames.includes(name))
      .map((name) =>
        error(
          document,
          ['app', list, name],
          'app.process-reserved',
          `app.${list}.${name} has a name that a part of every project has`,
          `rename it, for example to ${name}-${list === 'jobs' ? 'job' : 'worker'}`,
          'key',
        ),
      ),
  );

const processNamesDiffer: Rule = ({ document, spec }) =>
  Object.keys(spec.app.jobs)
    .filter((name) => Object.hasOwn(spec.app.workers, name))
    .map((name) =>
      error(
        document,
        ['app', 'jobs', name],
        'app.process-duplicate',
        `a worker and a job are both named ${name}, so that their logs would carry one name`,
        'rename one of the two',
        'key',
      ),
    );

const heapFits: Rule = ({ document, spec: { app } }) =>
  app.heap !== undefined && megabytes(app.heap) >= megabytes(app.memory)
    ? [
        error(
          document,
          ['app', 'heap'],
          'app.heap',
          `app.heap ${app.heap} leaves nothing of app.memory ${app.memory}: the kernel would end the process before its heap is full`,
          `set it to ${Math.max(1, Math.floor(megabytes(app.memory) * 0.75))}M or less, or delete it`,
        ),
      ]
    : [];

/** What Node.js holds before the first line of a program, in MiB, with room for that program. */
const smallest = 96;

const memoryIsEnough: Rule = ({ document, spec }) =>
  processesOf(spec)
    .filter(({ memory }) => megabytes(memory) < smallest)
    .map(({ path, memory }) =>
      warning(
        document,
        [...path, 'memory'],
        'app.memory-small',
        `${path.join('.')}.memory ${memory} is hardly more than Node.js itself holds`,
        `set ${smallest}M or more`,
      ),
    );

/** Whether web instances end by themselves. */
export const recycles = ({ recycle }: ResolvedDeployFile['app']): boolean =>
  recycle.requests > 0 || recycle.memory !== undefined;

const recyclesBelowCeiling: Rule = ({ document, spec: { app } }) =>
  app.recycle.memory !== undefined && megabytes(app.recycle.memory) >= megabytes(app.memory)
    ? [
        error(
          document,
          ['app', 'recycle', 'memory'],
          'app.recycle-memory',
          `app.recycle.memory ${app.recycle.memory} is not below app.memory ${app.memory}, so it would never be reached`,
          `set it below ${app.memory}, or raise app.memory`,
        ),
      ]
    : [];

/** In containers a lone instance may recycle: nothing there keeps requests from failing meanwhile, with two neither. */
const recyclesInTurn: Rule = ({ document, spec: { app } }) =>
  recycles(app) && app.instances < 2 && app.runtime === 'systemd'
    ? [
        error(
          document,
          ['app', 'instances'],
          'app.recycle-instances',
          'app.recycle lets an instance end only while another one serves, and app.instances is 1',
          'set app.instances: 2, or delete app.recycle',
        ),
      ]
    : [];

const websocketsEndInTime: Rule = ({ document, spec: { app } }) => {
  const { limit, websockets } = drainTimes(app);
  if (app.drainWebsockets === undefined || websockets < limit) return [];
  return [
    error(
      document,
      ['app', 'drainWebsockets'],
      'app.drain-websockets',
      `app.drainWebsockets ${app.drainWebsockets} is not over before the program gives up, ${limit}ms into app.drain ${app.drain}`,
      `set it to ${Math.max(1, Math.floor(limit / 2))}ms or less, or raise app.drain`,
    ),
  ];
};

/** Seconds for which Nginx keeps idle connections to an instance (templates/nginx, keepalive_timeout of the upstream). */
const idleSeconds = 4;

const drainOutlastsIdleConnections: Rule = ({ document, spec: { app, proxy } }) =>
  proxy && milliseconds(app.drain) <= idleSeconds * 1000
    ? [
        warning(
          document,
          ['app', 'drain'],
          'app.drain-short',
          `app.drain ${app.drain} is over before the proxy lets go of idle connections, so a release may lose requests`,
          `set it to ${idleSeconds + 1}s or more`,
        ),
      ]
    : [];

const scheduleFires: Rule = ({ document, spec }) =>
  Object.entries(spec.app.jobs).flatMap(([name, { schedule }]) => {
    const path = ['app', 'jobs', name, 'schedule'];
    const problem = scheduleProblem(schedule);
    return problem === undefined
      ? []
      : [
          error(
            document,
            path,
            'app.schedule',
            `the schedule "${schedule}" of ${name} cannot be used: ${problem}`,
            'write five fields (minute, hour, day of the month, month, day of the week), such as "30 3 * * *"',
          ),
        ];
  });

/** A job that may take, or wait, longer than its period would lose runs. */
const jobEndsBeforeItsNextRun: Rule = ({ document, spec }) =>
  Object.entries(spec.app.jobs).flatMap(([name, { schedule, timeout, jitter }]) => {
    if (scheduleProblem(schedule) !== undefined) return [];
    const period = periodOf(schedule);
    const tooLong = (key: 'timeout' | 'jitter', duration: string | undefined) =>
      duration !== undefined && seconds(duration) > period
        ? [
            warning(
              document,
              ['app', 'jobs', name, document.has(['app', 'jobs', name, key]) ? key : 'schedule'],
              `app.job-${key}`,
              `the ${key} ${duration} of ${name} is longer than the ${period} s from one run to the next, so runs may be left out`,
              `set app.jobs.${name}.${key} to ${period}s or less, or let it run less often`,
            ),
          ]
        : [];
    return [...tooLong('timeout', timeout), ...tooLong('jitter', jitter)];
  });

/** Rules about each process by itself. */
export const processRules: readonly Rule[] = [
  commandRunsWithoutShell,
  processNameIsFree,
  processNamesDiffer,
  heapFits,
  memoryIsEnough,
  recyclesBelowCeiling,
  recyclesInTurn,
  websocketsEndInTime,
  drainOutlastsIdleConnections,
  scheduleFires,
  jobEndsBeforeItsNextRun,
];
