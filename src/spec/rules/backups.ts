import { targetOf } from '../../compile/targets.ts';
import { hasRole, migratesOn } from '../../compile/topology.ts';
import { backupEngine, repositoryPath } from '../backup-engine.ts';
import type { Document, KeyPath } from '../document.ts';
import { periodOf, scheduleProblem } from '../schedule.ts';
import { seconds } from '../units.ts';
import { allHosts } from './database-context.ts';
import { error, type Rule, type RuleContext, warning } from './rule.ts';

/** Whether the file asks for backups that Fairlead takes. */
const isBackedUp = ({ spec }: RuleContext) => backupEngine(spec) !== undefined;

/** A rule about backups that are taken. */
const aboutBackups =
  (rule: (context: RuleContext) => ReturnType<Rule>): Rule =>
  (context) =>
    isBackedUp(context) ? rule(context) : [];

/** Where a key stands, or what stands for it in a file that leaves backups to the defaults. */
const place = (document: Document, path: KeyPath): KeyPath => {
  if (document.has(path)) return path;
  return document.has(['backups']) ? ['backups'] : ['database'];
};

const nothingIsBackedUp: Rule = (context) => {
  const { document, spec } = context;
  if (spec.backups.engine === 'none' || isBackedUp(context)) return [];
  const at = (code: string, message: string, fix: string) => [
    warning(document, place(document, ['backups']), code, message, fix, 'key'),
  ];
  const silence = 'set backups.engine: none to say that you know';
  if (spec.database?.placement === 'compose') {
    return at(
      'backups.compose',
      'nobody backs up a database in a container: backups are made of servers on hosts',
      silence,
    );
  }
  if (spec.database?.placement === 'host') {
    const message = 'a server is backed up as a whole, by the project that manages the host; this one takes no backups';
    return at(
      'backups.not-managed',
      message,
      `set backups.engine: pg_dump for dumps of this database alone, or ${silence}`,
    );
  }
  if (!document.has(['backups'])) return [];
  if (!spec.database) {
    const because = 'backups does nothing, because there is no section database';
    return at('backups.unused', because, 'delete it, or set backups.engine: none');
  }
  if (spec.backups.engine === 'pg_dump')
    return at('backups.compose', 'nobody backs up the database of a program in containers that is external', silence);
  const external = 'backups does nothing, because the database is external: pgBackRest works on the host of a server';
  return at('backups.unused', external, `set backups.engine: pg_dump, or ${silence}`);
};

const schedulesFire = aboutBackups(({ document, spec }) => {
  const { full, incremental, drill } = spec.backups;
  const schedules: [KeyPath, string][] = [
    [['backups', 'full'], full],
    [['backups', 'incremental'], incremental],
    ...(drill.enabled ? [[['backups', 'drill', 'schedule'], drill.schedule] as [KeyPath, string]] : []),
  ];
  return schedules.flatMap(([path, schedule]) => {
    const problem = scheduleProblem(schedule);
    const message = `${path.join('.')} "${schedule}" cannot be used: ${problem}`;
    return problem ? [error(document, path, 'backups.schedule', message, 'write a time such as "30 2 * * 0"')] : [];
  });
});

/** Longer than this, and a quiet server keeps its newest changes on one disk for too long. */
const longestArchiveTimeout = 86_400;

const logArrivesDaily = aboutBackups(({ document, spec }) =>
  backupEngine(spec) === 'pgbackrest' && seconds(spec.backups.archiveTimeout) > longestArchiveTimeout
    ? [
        error(
          document,
          ['backups', 'archiveTimeout'],
          'backups.archive-timeout',
          `backups.archiveTimeout ${spec.backups.archiveTimeout} would leave more than a day of changes on one disk`,
          'set it to 1d or less, such as 60s',
        ),
      ]
    : [],
);

type Repository = RuleContext['spec']['backups']['repository'];

/** What each type of repository needs beside its path, with an example of each. */
const needed: Readonly<Record<Repository['type'], Readonly<Partial<Record<keyof Repository, string>>>>> = {
  local: {},
  s3: {
    bucket: 'notes-backups',
    region: 'eu-central-1',
    accessKey: 'BACKUP_ACCESS_KEY',
    secretKey: 'BACKUP_SECRET_KEY',
  },
  sftp: {
    host: 'backup.example.com',
    user: 'notes-backup',
    key: 'BACKUP_SSH_KEY',
    hostKeySha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  },
};

const repositoryIsWhole = aboutBackups(({ document, spec }) => {
  const { repository } = spec.backups;
  return Object.entries(needed[repository.type])
    .filter(([key]) => repository[key as keyof Repository] === undefined)
    .map(([key, example]) =>
      error(
        document,
        ['backups', 'repository', 'type'],
        'backups.repository',
        `backups.repository.${key} is required because backups.repository.type is ${repository.type}`,
        `add to backups.repository: "${key}: ${example}"`,
      ),
    );
});

const optional: Readonly<Record<Repository['type'], readonly string[]>> = {
  local: [],
  s3: ['endpoint', 'ca'],
  sftp: [],
};

const repositoryHasNoMore = aboutBackups(({ document, spec }) => {
  const { repository } = spec.backups;
  const fitting = ['type', 'path', ...Object.keys(needed[repository.type]), ...optional[repository.type]];
  return Object.keys(repository)
    .filter((key) => !fitting.includes(key))
    .map((key) =>
      warning(
        document,
        ['backups', 'repository', key],
        'backups.repository-unused',
        `backups.repository.${key} does nothing in a repository of type ${repository.type}`,
        'delete it, or correct the type',
        'key',
      ),
    );
});

const endpointHasPort = aboutBackups(({ document, spec }) => {
  const { endpoint } = spec.backups.repository;
  const port = Number(endpoint?.match(/:(\d+)$/)?.[1] ?? 1);
  const message = `there is no port ${port}; the highest is 65535`;
  const path = ['backups', 'repository', 'endpoint'];
  return port > 65_535 ? [error(document, path, 'backups.endpoint', message, 'correct the port, or leave it out')] : [];
});

/** Whether a path is another one, or lies below it. */
const isBelow = (path: string, above: string) => path === above || path.startsWith(`${above}/`);

const isInsideData = (path: string): boolean =>
  ['/var/lib/postgresql', '/etc/postgresql'].some((data) => isBelow(path, data));

const repositoryIsNotTheData = aboutBackups(({ document, spec }) => {
  const { type } = spec.backups.repository;
  const path = repositoryPath(spec);
  return type === 'local' && isInsideData(path)
    ? [
        error(
          document,
          ['backups', 'repository', 'path'],
          'backups.inside-data',
          `backups.repository.path ${path} lies inside the server's own folders`,
          'choose a folder on another disk, such as /mnt/backup/pgbackrest',
        ),
      ]
    : [];
});

const copyOnAnotherDisk = aboutBackups(({ document, spec, hosts }) => {
  const { type } = spec.backups.repository;
  const path = repositoryPath(spec);
  if (type !== 'local' || isInsideData(path) || spec.database?.placement !== 'host') return [];
  return hosts
    .filter(({ host }) => hasRole(host, 'database') && !host.mounts.some((mount) => isBelow(path, mount)))
    .slice(0, 1)
    .map(({ host }) =>
      warning(
        document,
        place(document, ['backups', 'repository', 'path']),
        'backups.same-disk',
        `backups lie on the disk of host ${host.name} that holds the database too, and are lost with it`,
        `set backups.repository.type to s3 or sftp, or list the disk below ${path} as "mounts" in host.yaml`,
        'key',
      ),
    );
});

const encryptedElsewhere = aboutBackups(({ document, spec }) => {
  const { encryption, repository } = spec.backups;
  return encryption === undefined && repository.type !== 'local'
    ? [
        warning(
          document,
          ['backups', 'repository', 'type'],
          'backups.encryption',
          `backups leave the host unencrypted, and who reads the repository (${repository.type}) reads all data`,
          backupEngine(spec) === 'pg_dump'
            ? 'make an identity (age-keygen), add to backups: "encryption: BACKUP_IDENTITY", and BACKUP_IDENTITY to secrets'
            : 'add to backups: "encryption: BACKUP_PASSPHRASE", and BACKUP_PASSPHRASE to secrets',
        ),
      ]
    : [];
});

const drillFitsBudget = aboutBackups(({ document, spec }) => {
  const { enabled, schedule, maxAge } = spec.backups.drill;
  if (!enabled || scheduleProblem(schedule) || periodOf(schedule) <= seconds(maxAge)) return [];
  const days = Math.ceil(periodOf(schedule) / 86_400);
  return [
    error(
      document,
      ['backups', 'drill', 'maxAge'],
      'backups.drill-age',
      `backups.drill.maxAge ${maxAge} is shorter than the pause between two drills (up to ${days} days), so every drill would be late`,
      `set it to ${days + 2}d, or let backups.drill.schedule run more often`,
    ),
  ];
});

const drillBlocksWhileOff = aboutBackups(({ document, spec }) => {
  const { enabled, blocksDeploys } = spec.backups.drill;
  return blocksDeploys && !enabled
    ? [
        error(
          document,
          ['backups', 'drill', 'blocksDeploys'],
          'backups.drill-off',
          'releases would wait for a drill, and backups.drill.enabled is false',
          'set backups.drill.enabled: true, or delete blocksDeploys',
        ),
      ]
    : [];
});

const checksAreQueries = aboutBackups(({ document, spec }) =>
  spec.backups.drill.checks.flatMap((check, index) =>
    /^(select|with|values|table)\b/i.test(check)
      ? []
      : [
          error(
            document,
            ['backups', 'drill', 'checks', index],
            'backups.drill-check',
            'a check of a drill is a query: it begins with SELECT, WITH, TABLE or VALUES',
            'write one such as "SELECT count(*) > 0 FROM notes"',
          ),
        ],
  ),
);

/** Keys that one engine does not know. */
const keysOfAnotherEngine = aboutBackups(({ document, spec }) => {
  const engine = backupEngine(spec);
  const external = spec.database?.placement === 'external';
  const unused = [
    ...(engine === 'pg_dump' ? [['archiveTimeout', 'pg_dump archives no log']] : []),
    ...(engine === 'pgbackrest' || !external
      ? ['user', 'password'].map((key) => [key, 'the database of a host is backed up by a user of the host'])
      : []),
  ] as [key: 'archiveTimeout' | 'user' | 'password', because: string][];
  return unused
    .filter(([key]) => document.has(['backups', key]))
    .map(([key, because]) =>
      warning(
        document,
        ['backups', key],
        'backups.key-unused',
        `backups.${key} does nothing: ${because}`,
        'delete it',
        'key',
      ),
    );
});

const roleIsWhole = aboutBackups(({ document, spec }) => {
  const { user, password } = spec.backups;
  if (spec.database?.placement !== 'external' || (user === undefined) === (password === undefined)) return [];
  const [there, missing] = user === undefined ? ['password', 'user'] : ['user', 'password'];
  return [
    error(
      document,
      ['backups', there as string],
      'backups.role',
      `backups.${there} needs backups.${missing}: dumps log in as a role of their own, or as the program's`,
      missing === 'user'
        ? 'add to backups: "user: notes-backup"'
        : 'add to backups: "password: DB_BACKUP_PASSWORD", and it to secrets',
      'key',
    ),
  ];
});

/** pg_dump writes out servers of its own version and of older ones. */
const programsAreNewEnough = aboutBackups((context) => {
  const { document, spec } = context;
  const { version, repository, placement } = spec.database ?? {};
  if (placement !== 'external' || version === undefined || repository === 'pgdg') return [];
  const hosts = allHosts(context);
  const host = hosts.find((one) => migratesOn(placement, hosts, one));
  if (!host || targetOf(host.os).postgres >= version) return [];
  return [
    error(
      document,
      ['database', 'version'],
      'backups.version',
      `pg_dump ${targetOf(host.os).postgres} of ${host.os} (host ${host.name}) cannot write out PostgreSQL ${version}`,
      'add "repository: pgdg" to database, which has newer programs',
    ),
  ];
});

/** Rules about backups. */
export const backupsRules: readonly Rule[] = [
  nothingIsBackedUp,
  schedulesFire,
  logArrivesDaily,
  repositoryIsWhole,
  repositoryHasNoMore,
  endpointHasPort,
  repositoryIsNotTheData,
  copyOnAnotherDisk,
  encryptedElsewhere,
  drillFitsBudget,
  drillBlocksWhileOff,
  checksAreQueries,
  keysOfAnotherEngine,
  roleIsWhole,
  programsAreNewEnough,
];
