import type { FileResource } from '../../resources/resource.ts';
import { roleNames } from '../../spec/privileges.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { ResolvedHostFile } from '../../spec/types.ts';
import type { CompileInput } from '../compile.ts';
import { file } from '../parts.ts';
import { type Context, render } from '../render.ts';
import { addressFor, databaseClients, migratesOn } from '../topology.ts';
import { from } from '../trace.ts';
import { cluster } from './places.ts';
import { entrants, roleResources } from './roles.ts';

type Database = NonNullable<ResolvedSpec['database']>;

/** Whether anybody may connect to the server of this host over a network. */
export const isReachedByNetwork = ({ spec, host }: CompileInput): boolean =>
  (spec.database?.allow.length ?? 0) > 0 || databaseClients(spec.hosts, host).length > 0;

/** Who may connect to the server, and which user of the system is which role (pg_hba.conf, pg_ident.conf). Nobody else may. */
export function accessFiles(
  { spec, host, templates }: CompileInput,
  database: Database,
  version: number,
): FileResource[] {
  const names = roleNames(spec.name);
  const roles = roleResources(spec, []);
  const logins = roles.filter(({ login }) => login).map(({ name }) => from('name', name));
  const context = {
    plain: from('name', spec.name, 'foreign'),
    database: from('database.name', database.name),
    version: from('database.version', version, 'foreign'),
    roles: roles.map(({ name }) => from('name', name)),
    logins,
    users: logins.filter(({ value }) => value !== names.reader),
    readers: ['root', ...Object.keys(spec.host.admins)].map((user) =>
      from(user === 'root' ? 'database.reader' : `host.admins.${user}`, user),
    ),
    reader: from('name', names.reader),
    entries: entries(spec, host, database),
  };
  const own = { mode: '640', owner: 'postgres', group: 'postgres' };
  const place = `${cluster(version).configuration}/${spec.name}`;
  return [
    file(`${place}-hba.conf`, render(templates, 'postgres/hba.conf', 'pg-hba', context), 'database', own),
    file(`${place}-ident.conf`, render(templates, 'postgres/ident.conf', 'pg-hba', context), 'database', own),
  ];
}

/**
 * Who comes in over a network, and from where: the program from the hosts that run it, migrations from the one that runs them, and
 * whoever has a password from the networks of database.allow.
 */
function entries(spec: ResolvedSpec, host: ResolvedHostFile, database: Database): Context[] {
  const names = roleNames(spec.name);
  const isOf = (role: string) => (client: ResolvedHostFile) =>
    role === names.program || (role === names.migrator && migratesOn(database.placement, spec.hosts, client));
  return entrants(spec).flatMap(({ role, key }) => [
    ...databaseClients(spec.hosts, host)
      .filter(isOf(role))
      .map((client) => ({
        role: from(key, role),
        network: from('database', networkOf(addressFor(client)), 'foreign'),
      })),
    ...(role === names.migrator ? [] : database.allow).map((network, index) => ({
      role: from(key, role),
      network: from(`database.allow.${index}`, networkOf(network), 'foreign'),
    })),
  ]);
}

/** pg_hba.conf takes an address with the length of its network only. */
const networkOf = (address: string) => {
  if (address.includes('/')) return address;
  return address.includes(':') ? `${address}/128` : `${address}/32`;
};
