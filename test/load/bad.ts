import type { Edit, Ground } from './ground.ts';

/** A release that must not go live. */
export interface BadRelease {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Files of the program that make it bad, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the command must say: the check that failed, and the last lines of the log. */
  readonly says: readonly RegExp[];
}

const start = (words: string): Edit => [
  '  start: node --max-semi-space-size=1 dist/server.js',
  `  start: ${JSON.stringify(words)}`,
];

const module = "data:text/javascript,setTimeout(()=>{throw new Error('broken on purpose after 3 s')},3000)";

const failingMigration = `'use strict';
module.exports = {
  up: async ({ sequelize }) => {
    await sequelize.query('SELECT count(*) FROM notes');
    throw new Error('broken on purpose in a migration');
  },
  down: async () => {},
};
`;

export const badReleases: readonly BadRelease[] = [
  {
    name: 'never gets ready',
    edits: [
      ['    ready: /readyz', '    ready: /nowhere'],
      ['    timeout: 60s', '    timeout: 6s'],
    ],
    says: [/instance 1 of notes was not ready within 6 s: \/nowhere was answered with 404/, /listening/],
  },
  {
    name: 'crashes on start',
    edits: [
      start(`node -e 'throw new Error("broken on purpose at the start")'`),
      ['    timeout: 60s', '    timeout: 15s'],
    ],
    says: [
      /instance 1 of notes (ended \w+ times before it was ready|was not ready within 15 s)/,
      /broken on purpose at the start/,
    ],
  },
  {
    name: 'crashes after 3 s',
    edits: [start(`node --import "${module}" dist/server.js`)],
    says: [/instance \d of notes was ready, and ended within 5 s after that/, /broken on purpose after 3 s/],
  },
  {
    name: 'has a failing migration',
    edits: [],
    files: { 'migrations/20991231000000-broken.cjs': failingMigration },
    says: [/run the database migrations/, /broken on purpose in a migration/],
  },
];

/** The exit code of what was put back. */
const rolledBack = 3;

/** Tries to deploy a bad release, and returns what was not as it must be; what was printed stands in `text`. */
export async function tryBadRelease(ground: Ground, bad: BadRelease): Promise<{ problems: string[]; text: string }> {
  const before = await ground.live();
  const files = Object.entries(bad.files ?? {});
  for (const [path, content] of files) ground.writeSource(path, content);
  ground.write(...bad.edits);
  const { exitCode, text } = await ground.project.run('apply');
  for (const [path] of files) ground.removeSource(path);
  const after = await ground.live();
  const problems = [
    ...(exitCode === rolledBack ? [] : [`exit code ${exitCode}`]),
    ...bad.says.filter((wanted) => !wanted.test(text)).map((wanted) => `nothing said ${wanted.source}`),
    ...(after === before ? [] : [`release ${after} serves, and not ${before}`]),
    ...(await notServing(ground)),
  ];
  return { problems, text };
}

/** The instances of the old release still run, and those of the other slot do not. */
async function notServing({ host }: Ground): Promise<string[]> {
  const live = (await host.sh('readlink /run/notes/live')).trim();
  const other = live === 'blue' ? 'green' : 'blue';
  const units = await host.sh("systemctl list-units --plain --no-legend --state=active 'notes-*@*.service'");
  const there = [1, 2].filter((number) => !units.includes(`notes-${live}@${number}.service`));
  return [
    ...there.map((number) => `instance ${number} of the old release does not run`),
    ...(units.includes(`notes-${other}@`) ? ['the bad release still runs'] : []),
  ];
}
