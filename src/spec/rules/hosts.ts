import {
  cacheHost,
  challengePeers,
  databaseClients,
  databaseHostFor,
  databaseIsLocal,
  hasRemoteProxy,
  hasRole,
  type Role,
} from '../../compile/topology.ts';
import type { KeyPath } from '../document.ts';
import { networkOf } from '../network.ts';
import type { ResolvedDeployFile, ResolvedHostFile } from '../types.ts';
import { networkRules } from './networks.ts';
import { error, type HostDocument, type Rule, warning, where } from './rule.ts';

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

const rootNeedsNoSudo: Rule = ({ hosts }) =>
  hosts
    .filter(({ host }) => host.sudo === 'password' && host.user === 'root')
    .map(({ document, host }) =>
      warning(
        document,
        ['sudo'],
        'host.sudo-root',
        `sudo: password does nothing: ${host.name} is logged in to as root, who needs no sudo`,
        'delete it, or name the user who runs sudo: "user: deploy"',
      ),
    );

const duplicatePrivateAddress: Rule = ({ hosts }) =>
  sharedBy(
    hosts.filter(({ host }) => host.privateAddress !== undefined),
    (host) => host.privateAddress ?? '',
  ).map(({ one, first }) =>
    error(
      one.document,
      ['privateAddress'],
      'host.duplicate-private-address',
      `${one.host.privateAddress} is the private address of host ${first.host.name} already (${where(first.document, ['privateAddress'])})`,
      'correct one of the two',
    ),
  );

interface Need {
  readonly role: Role;
  readonly path: KeyPath;
  readonly because: string;
}

/** Roles that a file needs somebody to have. */
function neededRoles({ app, proxy, database }: ResolvedDeployFile): Need[] {
  const needs: (Need | false)[] = [
    proxy !== undefined && { role: 'proxy', path: ['proxy'], because: 'the section proxy' },
    database?.placement === 'host' && { role: 'database', path: ['database'], because: 'the section database' },
    Object.keys(app.workers).length > 0 && { role: 'worker', path: ['app', 'workers'], because: 'app.workers' },
    Object.keys(app.jobs).length > 0 && { role: 'worker', path: ['app', 'jobs'], because: 'app.jobs' },
  ];
  return needs.filter((need) => need !== false);
}

const names = (hosts: readonly HostDocument[]) => hosts.map(({ host }) => host.name).join(', ');

const roleOfNobody: Rule = ({ document, spec, hosts, environment }) =>
  neededRoles(spec)
    .filter(({ role }) => hosts.length > 0 && !hosts.some(({ host }) => hasRole(host, role)))
    .map(({ role, path, because }) =>
      error(
        document,
        path,
        'host.role-missing',
        `${because} needs a host with the role ${role}, but ${environment} has none (${names(hosts)})`,
        `add ${role} to the roles in one host.yaml`,
        'key',
      ),
    );

const programOnNoHost: Rule = ({ document, hosts, environment }) =>
  hosts.length > 0 && !hosts.some(({ host }) => hasRole(host, 'app'))
    ? [
        warning(
          document,
          ['app'],
          'host.program-missing',
          `no host of ${environment} has the role app, so the program runs nowhere`,
          'add app to the roles in one host.yaml',
          'key',
        ),
      ]
    : [];

const idleRole: Rule = ({ spec, hosts }) => {
  const needed = new Set(neededRoles(spec).map(({ role }) => role));
  return hosts.flatMap(({ document, host }) =>
    host.roles.length === 1 && host.roles[0] !== 'app' && !needed.has(host.roles[0]!)
      ? [
          warning(
            document,
            ['roles'],
            'host.role-idle',
            `host ${host.name} has nothing to do: deploy.yaml has nothing for the role ${host.roles[0]}`,
            'add a role, or delete the host',
          ),
        ]
      : [],
  );
};

/** What makes a host talk to another one of the project; undefined when it does not. */
function crossing(spec: ResolvedDeployFile, hosts: ResolvedHostFile[], host: ResolvedHostFile) {
  const { proxy, database, cache } = spec;
  const runs = hasRole(host, 'app') || hasRole(host, 'worker');
  const isRemoteProxy = hasRole(host, 'proxy') && !hasRole(host, 'app');
  if (challengePeers(spec, hosts, host).length > 0 && networkOf(host.address) === undefined)
    return 'challenges of the ACME server that come to another proxy are its own';
  if (hasRemoteProxy(spec, hosts, host)) return 'a proxy on another host reaches its instances';
  if (proxy && isRemoteProxy) return 'the instances behind its proxy are on other hosts';
  if (database?.placement === 'host' && databaseClients(hosts, host).length > 0) return 'other hosts use its database';
  if (database?.placement === 'host' && runs && databaseHostFor(hosts, host) !== undefined && !databaseIsLocal(host))
    return 'its database is on another host';
  if (cache?.placement !== 'host' || !runs) return undefined;
  const owner = cacheHost(hosts);
  const users = hosts.filter((other) => hasRole(other, 'app') || hasRole(other, 'worker'));
  if (owner?.name !== host.name) return 'its cache is on another host';
  return users.length > 1 ? 'other hosts use its cache' : undefined;
}

const privateAddressNeeded: Rule = ({ spec, hosts }) =>
  hosts.flatMap(({ document, host }) => {
    const all = hosts.map((one) => one.host);
    const because = host.privateAddress === undefined && crossing(spec, all, host);
    if (!because) return [];
    const message = `host ${host.name} needs a privateAddress: ${because}`;
    const fix = 'add it, for example "privateAddress: 10.0.0.11"';
    return [error(document, ['roles'], 'host.private-address-missing', message, fix)];
  });

/** Rules about the hosts and what each of them does. */
export const hostRules: readonly Rule[] = [
  hostNameIsFolder,
  duplicateHostName,
  duplicateHostAddress,
  rootNeedsNoSudo,
  duplicatePrivateAddress,
  roleOfNobody,
  programOnNoHost,
  idleRole,
  privateAddressNeeded,
  ...networkRules,
];
