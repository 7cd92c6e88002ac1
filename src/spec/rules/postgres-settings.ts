import { postgresSettings } from '../postgres-settings.ts';
import { isOfExtension, settingProblem } from '../postgres-value.ts';
import { suggest } from '../suggest.ts';
import { error, type Rule } from './rule.ts';

/** Settings that other keys decide, or on which Fairlead itself depends, with what to do instead. */
const decided: Readonly<Record<string, string>> = {
  archive_command: 'the section backups decides it',
  archive_library: 'the section backups decides it',
  archive_mode: 'backups.engine decides it',
  archive_timeout: 'its key is backups.archiveTimeout',
  hba_file: 'the section database decides it',
  idle_in_transaction_session_timeout: 'its key is database.timeouts.idleInTransaction',
  ident_file: 'the section database decides it',
  listen_addresses: 'database.allow and the roles of the hosts decide it',
  lock_timeout: 'its key is database.timeouts.lock',
  max_connections: 'its key is database.maxConnections',
  max_wal_size: 'Fairlead sets it',
  min_wal_size: 'Fairlead sets it',
  port: 'Fairlead sets it',
  shared_buffers: 'its key is database.memory',
  shared_preload_libraries: 'database.extensions decides it',
  ssl: 'database.allow and the roles of the hosts decide it',
  statement_timeout: 'its key is database.timeouts.statement',
  wal_compression: 'Fairlead sets it',
};

const settingsOf: (...parameters: Parameters<Rule>) => { name: string; value: string }[] = ({ spec }) =>
  spec.database?.settings ?? [];

const settingIsFree: Rule = (context) =>
  settingsOf(context).flatMap(({ name }, index) =>
    name in decided
      ? [
          error(
            context.document,
            ['database', 'settings', index, 'name'],
            'database.setting-decided',
            `${name} is not for database.settings: ${decided[name]}`,
            'delete it here',
          ),
        ]
      : [],
  );

const settingIsKnown: Rule = (context) =>
  settingsOf(context).flatMap(({ name }, index) => {
    if (name in decided || name in postgresSettings || isOfExtension(name)) return [];
    const near = suggest(name, Object.keys(postgresSettings));
    return [
      error(
        context.document,
        ['database', 'settings', index, 'name'],
        'database.setting-unknown',
        `${name} is no setting that every supported version of PostgreSQL knows and that can be checked here`,
        near ? `did you mean ${near}?` : `write it as a line of patches.postgres: "${name} = …"`,
      ),
    ];
  });

const settingFits: Rule = (context) =>
  settingsOf(context).flatMap(({ name, value }, index) => {
    const problem = name in postgresSettings && !(name in decided) ? settingProblem(name, value) : undefined;
    return problem === undefined
      ? []
      : [
          error(
            context.document,
            ['database', 'settings', index, 'value'],
            'database.setting-value',
            `${name} cannot be ${JSON.stringify(value)}`,
            `write ${problem}`,
          ),
        ];
  });

const settingStandsOnce: Rule = (context) => {
  const names = settingsOf(context).map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          error(
            context.document,
            ['database', 'settings', index, 'name'],
            'database.setting-twice',
            `${name} is set twice`,
            'delete one of the two',
          ),
        ],
  );
};

/** Rules about database.settings: what passes them keeps no server from starting. */
export const postgresSettingRules: readonly Rule[] = [settingIsFree, settingIsKnown, settingFits, settingStandsOnce];
