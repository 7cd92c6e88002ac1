import type { Diagnostic } from '../diagnostic.ts';
import { splitCommand } from './command.ts';
import type { Document, KeyPath, Part } from './document.ts';
import type { ResolvedDeployFile, ResolvedHostFile } from './types.ts';

/** One host of an environment, with the folder that its file lies in. */
export interface HostDocument {
  readonly folder: string;
  readonly document: Document;
  readonly host: ResolvedHostFile;
}

/** What the rules look at: one environment after defaults, each value valid by itself. */
export interface RuleContext {
  readonly environment: string;
  readonly document: Document;
  readonly spec: ResolvedDeployFile;
  readonly hosts: readonly HostDocument[];
}

/** A rule that no schema can state. It returns what breaks it, each with its place and fix. */
export type Rule = (context: RuleContext) => Diagnostic[];

const error = (document: Document, path: KeyPath, code: string, message: string, fix: string, part: Part = 'value') =>
  document.problem(path, part, { severity: 'error', code, message, fix });

const where = (document: Document, path: KeyPath) => {
  const { file, line } = document.locate(path);
  return `${file}:${line}`;
};

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

const duplicateDomain: Rule = ({ document, spec }) => {
  const domains: readonly string[] = spec.proxy?.domains ?? [];
  return domains.flatMap((domain, index) => {
    const first = domains.indexOf(domain);
    if (first === index) return [];
    const place = where(document, ['proxy', 'domains', first]);
    return [
      error(
        document,
        ['proxy', 'domains', index],
        'proxy.duplicate-domain',
        `domain ${domain} is listed twice (first at ${place})`,
        'delete one of the two entries',
      ),
    ];
  });
};

/** The commands that run on the host, as key paths; only those that are given. */
const hostCommands = (spec: ResolvedDeployFile): [KeyPath, string][] =>
  Object.entries({ start: spec.app.start, migrations: spec.app.migrations })
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([key, line]) => [['app', key], line]);

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
    if (command.words[0] !== 'node') {
      return [
        error(
          document,
          path,
          'app.command-program',
          `${name} starts with "${command.words[0]}"; only the carried runtime can be run`,
          programFix(command.words),
        ),
      ];
    }
    return [];
  });

/** Variables that the compiled files set themselves. */
const ownVariables = ['PORT', 'PGHOST', 'PGDATABASE', 'PGUSER', 'NODE_ENV', 'NODE_OPTIONS'];

const reservedVariable: Rule = ({ document, spec }) =>
  Object.keys(spec.app.env)
    .filter((name) => ownVariables.includes(name))
    .map((name) =>
      error(
        document,
        ['app', 'env', name],
        'app.env-reserved',
        `app.env.${name} is set by Fairlead`,
        'delete it, or use another name',
        'key',
      ),
    );

const hostNameIsFolder: Rule = ({ hosts }) =>
  hosts
    .filter(({ folder, host }) => folder !== host.name)
    .map(({ folder, host, document }) =>
      error(
        document,
        ['name'],
        'host.name',
        `host ${host.name} lies in the folder ${folder}`,
        `write "name: ${folder}", or rename the folder to ${host.name}`,
      ),
    );

const sharedBy = (hosts: readonly HostDocument[], key: (host: ResolvedHostFile) => string) =>
  hosts.flatMap((one, index) => {
    const first = hosts.findIndex((other) => key(other.host) === key(one.host));
    return first < index ? [{ one, first: hosts[first]! }] : [];
  });

const duplicateHostName: Rule = ({ hosts }) =>
  sharedBy(hosts, (host) => host.name).map(({ one, first }) =>
    error(
      one.document,
      ['name'],
      'host.duplicate-name',
      `two hosts are named ${one.host.name} (the other: ${where(first.document, ['name'])})`,
      `give this one the name of its folder: "name: ${one.folder}"`,
    ),
  );

const duplicateHostAddress: Rule = ({ hosts }) =>
  sharedBy(hosts, (host) => `${host.address.toLowerCase()}:${host.port}`).map(({ one, first }) =>
    error(
      one.document,
      ['address'],
      'host.duplicate-address',
      `${one.host.address}:${one.host.port} is host ${first.host.name} already (${where(first.document, ['address'])})`,
      'correct the address, or delete one of the two hosts',
    ),
  );

const rolesStandTogether: Rule = ({ spec, hosts }) =>
  hosts.flatMap(({ document, host }) => {
    const roles: readonly string[] = host.roles;
    const problem = (missing: string, because: string) =>
      error(
        document,
        ['roles'],
        'host.roles',
        `host ${host.name} lacks the role ${missing}: ${because}`,
        `add ${missing} to its roles`,
      );
    if (roles.includes('app') && spec.database && !roles.includes('database')) {
      return [problem('database', 'the program reaches the database over a socket of the same host')];
    }
    return roles.includes('proxy') && !roles.includes('app')
      ? [problem('app', 'the proxy reaches the program over sockets of the same host')]
      : [];
  });

const separateDatabases: Rule = ({ document, spec, hosts, environment }) => {
  const databases = hosts.filter(({ host }) => (host.roles as readonly string[]).includes('database'));
  if (!spec.database || databases.length < 2) return [];
  const names = databases.map(({ host }) => host.name).join(', ');
  const warning: Diagnostic = {
    severity: 'warning',
    code: 'database.separate',
    message: `each of the ${databases.length} hosts of ${environment} (${names}) has a ${spec.name} database of its own; they do not share data`,
    fix: 'serve independent sites from them, or keep one host in the environment',
  };
  return [document.problem(['database'], 'key', warning)];
};

/** All rules, in the order in which their findings are worth reading. */
export const rules: readonly Rule[] = [
  reservedName,
  commandRunsWithoutShell,
  reservedVariable,
  duplicateDomain,
  hostNameIsFolder,
  duplicateHostName,
  duplicateHostAddress,
  rolesStandTogether,
  separateDatabases,
];
