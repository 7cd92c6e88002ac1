import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { PostgresClusterResource } from './resource.ts';
import { step } from './step.ts';

/** The unit of a cluster's server (postgresql-common). */
export const serverUnit = (name: string, version: number): string => `postgresql@${version}-${name}.service`;

/**
 * The cluster of PostgreSQL that serves the project. The packages make one; data of another major version are moved only where deploy.yaml says
 * so, and stay where they were.
 */
export const clusterKind: Kind<PostgresClusterResource> = {
  claims: true,
  probe: (name) => ({ clusters: [name] }),
  read: (name, observed) =>
    mapRead(lookUp(observed.clusters, name), ({ serves, ours, versions }) => ({
      version: String(serves),
      ours: ours ? 'yes' : 'no',
      kept: versions.filter((version) => version !== serves).join(' '),
    })),
  desired: ({ version }) => ({ version: String(version) }),
  refuses: ({ name, version, from }, live) => {
    if (live.version === String(version)) return undefined;
    if (live.ours === 'no') return { reason: ofSomebodyElse(name, live.version!), adoptable: false };
    if (live.version !== String(from)) return { reason: withoutDeclaration(version, live.version!), adoptable: false };
    if (version > from!) return undefined;
    const isKept = live.kept!.split(' ').includes(String(version));
    return isKept
      ? {
          reason: `goes back to the data of PostgreSQL ${version}; what was written since the upgrade stays behind`,
          adoptable: true,
        }
      : { reason: `serves PostgreSQL ${from}, and has no data of ${version} to go back to`, adoptable: false };
  },
  steps: ({ name, version, archive }, reading) => {
    const before = reading.state === 'present' ? reading.value.version! : String(version);
    if (before === String(version))
      return [
        step('postgres_cluster', [name, version], `make the cluster ${name} of PostgreSQL ${version}`, {
          reversible: true,
        }),
      ];
    const { configuration = '', stanza = '', backup = '' } = archive ?? {};
    const moves =
      Number(before) < version
        ? `upgrade PostgreSQL ${before} to ${version}`
        : `go back from PostgreSQL ${before} to ${version}`;
    return [
      step('postgres_upgrade', [name, before, version, configuration, stanza], `${moves}; nobody is served meanwhile`, {
        reversible: true,
      }),
      step('postgres_open', [name, before, version, backup], `let programs write to PostgreSQL ${version}`),
    ];
  },
  remove: (name, { version = '' }) => ({
    steps: [
      step(
        'postgres_cluster_drop',
        [name, version],
        `remove the cluster ${name} of PostgreSQL ${version} with all its data`,
      ),
    ],
    retained: 'it holds data',
  }),
};

const ofSomebodyElse = (name: string, version: string) =>
  `is there in PostgreSQL ${version} and not of this project; to use it, set database.version: ${version}; if nobody needs it: pg_dropcluster --stop ${version} ${name}, on the host`;

const withoutDeclaration = (version: number, live: string) =>
  Number(live) < version
    ? `holds data of PostgreSQL ${live}, and deploy.yaml asks for ${version}; to upgrade them, set database.upgrades.from: ${live} (docs/database.md says what comes before); to stay, database.version: ${live}`
    : `holds data of PostgreSQL ${live}, and deploy.yaml asks for ${version}, which cannot read them; set database.version: ${live}`;
