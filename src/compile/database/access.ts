import type { FileResource } from '../../resources/resource.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { CompileInput } from '../compile.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { addressFor, databaseClients } from '../topology.ts';
import { from, type Traced } from '../trace.ts';
import { cluster } from './places.ts';

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
  const names = {
    name: from('name', spec.name),
    plain: from('name', spec.name, 'foreign'),
    database: from('database.name', database.name),
    version: from('database.version', version, 'foreign'),
  };
  const networks: Traced[] = [
    ...databaseClients(spec.hosts, host).map((client) => from('database', networkOf(addressFor(client)), 'foreign')),
    ...database.allow.map((network, index) => from(`database.allow.${index}`, networkOf(network), 'foreign')),
  ];
  const own = { mode: '640', owner: 'postgres', group: 'postgres' };
  const place = `${cluster(version).configuration}/${spec.name}`;
  return [
    file(
      `${place}-hba.conf`,
      render(templates, 'postgres/hba.conf', 'pg-hba', { ...names, networks }),
      'database',
      own,
    ),
    file(`${place}-ident.conf`, render(templates, 'postgres/ident.conf', 'pg-hba', names), 'database', own),
  ];
}

/** pg_hba.conf takes an address with the length of its network only. */
const networkOf = (address: string) => {
  if (address.includes('/')) return address;
  return address.includes(':') ? `${address}/128` : `${address}/32`;
};
