import { capacityRules } from './capacity.ts';
import { environmentRules } from './process-environment.ts';
import { processRules } from './processes.ts';
import { reachRules } from './reach.ts';
import { error, type Rule, warning } from './rule.ts';

/** Names whose user, units or folders belong to the system. */
const reservedNames = [
  'root',
  'nginx',
  'postgres',
  'postgresql',
  'ssh',
  'sshd',
  'sudo',
  'systemd',
  'www-data',
  'backup',
  'daemon',
  'fairlead',
];

const reservedName: Rule = ({ document, spec }) =>
  reservedNames.includes(spec.name)
    ? [
        error(
          document,
          ['name'],
          'name.reserved',
          `name ${spec.name} belongs to the system`,
          `choose another, such as my-${spec.name}`,
        ),
      ]
    : [];

const sourceIsNotCompiled: Rule = ({ document, spec: { app } }) =>
  app.source === 'hosts' || app.source.startsWith('hosts/')
    ? [
        error(
          document,
          ['app', 'source'],
          'app.source-compiled',
          `app.source ${app.source} lies in hosts/, which Fairlead writes itself`,
          'move the program to a folder of its own, such as service',
        ),
      ]
    : [];

const migrationsHaveDatabase: Rule = ({ document, spec }) =>
  spec.app.migrations !== undefined && !spec.database
    ? [
        warning(
          document,
          ['app', 'migrations'],
          'app.migrations',
          'app.migrations runs before each release, but there is no section database',
          'add "database: { engine: postgres }", or delete app.migrations',
          'key',
        ),
      ]
    : [];

/** Rules about the program and its processes. */
export const appRules: readonly Rule[] = [
  reservedName,
  sourceIsNotCompiled,
  migrationsHaveDatabase,
  ...processRules,
  ...environmentRules,
  ...capacityRules,
  ...reachRules,
];
