import { postgresVersion, targetOf } from '../../compile/targets.ts';
import { backupEngine } from '../backup-engine.ts';
import { aboutDatabase, type Database, servers } from './database-context.ts';
import { error, type Rule, warning } from './rule.ts';

const section = ['database', 'upgrades'] as const;

/** The keys by which an upgrade to another major version is declared, as far as they are given. */
const declared = ({ upgrades }: Database) => (['next', 'from'] as const).filter((key) => upgrades[key] !== undefined);

const upgradesOfAnother = aboutDatabase(({ document, spec }, database) => {
  if (database.placement === 'host' && spec.host.manage) return [];
  const because =
    database.placement === 'host' ? 'host.manage is false' : `database.placement is ${database.placement}`;
  return declared(database).map((key) => {
    const message = `database.upgrades.${key} does nothing, because ${because}`;
    return warning(document, [...section, key], 'database.upgrade-unused', message, 'delete it', 'key');
  });
});

/** What comes back is what an upgrade can be rehearsed on, and what is left when all else fails. */
const upgradesAreRehearsed = aboutDatabase(({ document, spec }, database) => {
  const [key] = declared(database);
  if (key === undefined || database.placement !== 'host' || !spec.host.manage) return [];
  if (backupEngine(spec) === 'pgbackrest' && spec.backups.drill.enabled) return [];
  const message = 'another major version needs restore drills of backups by pgBackRest, which rehearse the upgrade';
  const fix = 'set backups.engine: pgbackrest and backups.drill.enabled: true, and apply that first';
  return [error(document, [...section, key], 'database.upgrade-backups', message, fix, 'key')];
});

const nextIsHigher = aboutDatabase((context, database) => {
  const { next } = database.upgrades;
  if (next === undefined) return [];
  return servers(context, database)
    .map(({ host }) => ({ host, serves: postgresVersion(host.os, database.version) }))
    .filter(({ serves }) => next <= serves)
    .slice(0, 1)
    .map(({ host, serves }) => {
      const message = `database.upgrades.next ${next} is not above PostgreSQL ${serves}, which host ${host.name} has`;
      const fix = 'delete it; to move data that an older version serves, set database.upgrades.from to that version';
      return error(context.document, [...section, 'next'], 'database.upgrade-next', message, fix);
    });
});

const nextIsThere = aboutDatabase((context, database) => {
  const { next } = database.upgrades;
  if (next === undefined || database.repository === 'pgdg') return [];
  return servers(context, database)
    .filter(({ host }) => targetOf(host.os).postgres !== next)
    .slice(0, 1)
    .map(({ host }) => {
      const message = `${host.os} (host ${host.name}) has PostgreSQL ${targetOf(host.os).postgres} and no ${next}`;
      const fix = 'add "repository: pgdg" to database, which has every version, or upgrade the operating system first';
      return error(context.document, [...section, 'next'], 'database.upgrade-next', message, fix);
    });
});

const fromIsAnother = aboutDatabase((context, database) => {
  const { from } = database.upgrades;
  return servers(context, database)
    .filter(({ host }) => from === postgresVersion(host.os, database.version))
    .slice(0, 1)
    .map(({ host }) => {
      const message = `database.upgrades.from ${from} is the version that host ${host.name} has anyway`;
      const fix = 'delete it, or set it to the version that served before';
      return error(context.document, [...section, 'from'], 'database.upgrade-from', message, fix);
    });
});

/** Rules about upgrades of the server to another major version. */
export const majorUpgradeRules: readonly Rule[] = [
  upgradesOfAnother,
  upgradesAreRehearsed,
  nextIsHigher,
  nextIsThere,
  fromIsAnother,
];
