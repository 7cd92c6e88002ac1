/**
 * What a host should have, one thing each. A resource is plain data: how it is read, compared and changed is told by its
 * kind (see kind.ts). `id` is `<kind>:<name>` and unique on a host; `origin` is the key of deploy.yaml that caused it;
 * `needs` lists the ids that must be in place before.
 */
interface Base {
  readonly id: string;
  readonly origin: string;
  readonly needs: readonly string[];
  /** Whether it stays on the host when it leaves the manifest, because `protect` of deploy.yaml names it. */
  readonly protect?: true;
  /** Whether it is made before anything is judged or written that a recovery would have to put back. */
  readonly first?: true;
}

/** A package of the distribution, from its configured sources. */
export interface PackageResource extends Base {
  readonly kind: 'package';
  readonly name: string;
  /** Whether it stays installed when it leaves the manifest, because data depends on it. */
  readonly retain: boolean;
}

/** A system group. */
export interface GroupResource extends Base {
  readonly kind: 'group';
  readonly name: string;
}

/** A system user without a home or a login. */
export interface UserResource extends Base {
  readonly kind: 'user';
  readonly name: string;
  readonly group: string;
}

interface Owned {
  /** Octal, without a leading zero, as stat(1) prints it: `644`, `2750`. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

export interface DirectoryResource extends Base, Owned {
  readonly kind: 'directory';
  readonly path: string;
}

/** A text file. `lines[i]` holds the keys of deploy.yaml that its line i (from 0) follows from. */
export interface FileResource extends Base, Owned {
  readonly kind: 'file';
  readonly path: string;
  readonly content: string;
  readonly lines: readonly (readonly string[])[];
}

/**
 * A file that only root may read and that holds the value of one secret. Its value is known to nobody here: it is fetched from
 * its source at the last moment (secrets/), or made on the host.
 */
export interface SecretResource extends Base {
  readonly kind: 'secret';
  readonly path: string;
  /** Name in the section `secrets` of deploy.yaml. */
  readonly secret: string;
  /** How many random bytes the host makes it from; left out when its value comes from elsewhere. */
  readonly bytes?: number;
  /** Keyed digest of the value that it should have; filled in by `pinSecrets` once value and key are known. */
  readonly digest?: string;
  /** Why the value could not be fetched, so that it is not compared; filled in by `pinSecrets`. */
  readonly unchecked?: string;
}

/**
 * A text file with secrets in it. In `content` each stands as `@@NAME@@`, `@@NAME:pgpass@@` for a password file of libpq, or
 * `@@NAME:crypt@@` for its hash (crypt(3)); the
 * host puts the values in, from the files of the secrets that `needs` lists.
 */
export interface SecretFileResource extends Base, Owned {
  readonly kind: 'secret-file';
  readonly path: string;
  readonly content: string;
  readonly lines: readonly (readonly string[])[];
  /** Keyed digests of the values that go in, as `NAME=digest` separated by spaces; filled in by `pinSecrets`. */
  readonly digests?: string;
}

export interface SymlinkResource extends Base {
  readonly kind: 'symlink';
  readonly path: string;
  readonly target: string;
}

/** Something that a running service has read: when it changes, the service must reload or restart. */
export interface ServiceInput {
  readonly id: string;
  readonly effect: 'reload' | 'restart';
}

/** Programs that judge a configuration before a service takes it up; executor/future.sh knows how to run each. */
export type Validator = 'nginx' | 'sshd' | 'nftables';

/** A systemd unit that is enabled and active, and that has taken up the current state of its inputs. */
export interface UnitResource extends Base {
  readonly kind: 'unit';
  readonly name: string;
  readonly inputs: readonly ServiceInput[];
  /**
   * Whether it is only attempted, because what it needs lies outside of the host, such as a server of somebody else: when it fails,
   * all the rest stays, and the outcome says so.
   */
  readonly attempted?: true;
  /** Checks the configuration as a whole before the service takes it up (plan/order.ts names the commands). */
  readonly validator?: Validator;
  /** Request that must succeed once the service is active, over loopback; with `tls`, over HTTPS with any certificate. */
  readonly check?: { readonly port: number; readonly host: string; readonly path: string; readonly tls?: boolean };
}

/** The cluster of PostgreSQL that serves the project: its data in the format of one major version (pg_createcluster(1)). */
export interface PostgresClusterResource extends Base {
  readonly kind: 'postgres-cluster';
  readonly name: string;
  readonly version: number;
  /** The major version whose data may be moved to this one. */
  readonly from?: number;
  /** What is archived by pgBackRest, and the unit that takes a full backup. */
  readonly archive?: { readonly configuration: string; readonly stanza: string; readonly backup: string };
}

/** A PostgreSQL role. */
export interface PostgresRoleResource extends Base {
  readonly kind: 'postgres-role';
  readonly name: string;
  /** Whether sessions begin as it. One that nobody logs in as owns things, and others act as it. */
  readonly login: boolean;
}

export interface PostgresDatabaseResource extends Base {
  readonly kind: 'postgres-database';
  readonly name: string;
  readonly owner: string;
}

/** The program in one of two slots, of which one is live (DESIGN: releases). */
export interface ReleaseResource extends Base {
  readonly kind: 'release';
  readonly name: string;
  /** Identity of all that the release consists of; filled in by `pinRelease` once the source was hashed. */
  readonly release?: string;
  /** Identity of the built program alone, which releases may share; filled in with `release`. */
  readonly bundle?: string;
  readonly instances: number;
  readonly runtime: { readonly version: string; readonly package: string; readonly integrity: string };
  readonly source: string;
  readonly build?: string;
  readonly migrations?: readonly string[];
  /** Path that every instance must answer with 2xx before the release goes live. */
  readonly ready: string;
  /** Seconds that the instances may take to get there. */
  readonly timeout: number;
  /** Seconds that they must stay there before the release goes live. */
  readonly steady: number;
  /** The file whose content becomes the environment of the release. */
  readonly environmentFile: string;
  /** Ids of the files that are part of the release: environment and units. */
  readonly parts: readonly string[];
  /** Whether a database must answer before the migrations run. */
  readonly database?: string;
}

export type Resource =
  | PackageResource
  | GroupResource
  | UserResource
  | DirectoryResource
  | FileResource
  | SecretResource
  | SecretFileResource
  | SymlinkResource
  | PostgresClusterResource
  | UnitResource
  | PostgresRoleResource
  | PostgresDatabaseResource
  | ReleaseResource;

export type ResourceKind = Resource['kind'];

/** The order in which kinds are made where needs leave a choice. */
export const kindOrder: readonly ResourceKind[] = [
  'package',
  'group',
  'user',
  'directory',
  'secret',
  'file',
  'secret-file',
  'symlink',
  'postgres-cluster',
  'unit',
  'postgres-role',
  'postgres-database',
  'release',
];

/** The units among the resources of a manifest. */
export const unitsOf = ({ resources }: { readonly resources: readonly Resource[] }): UnitResource[] =>
  resources.filter((resource): resource is UnitResource => resource.kind === 'unit');

/** Files whose text is compiled. */
export type TextResource = FileResource | SecretFileResource;

export const isText = (resource: Resource): resource is TextResource =>
  resource.kind === 'file' || resource.kind === 'secret-file';

/** Kinds that are one entry of a folder each: one of them takes the place of another by a rename. */
const entries: readonly ResourceKind[] = ['file', 'secret', 'secret-file', 'symlink'];

export const isEntry = (kind: string): boolean => entries.includes(kind as ResourceKind);

/** Whether its name is a path. */
export const isPath = (kind: string): boolean => kind === 'directory' || isEntry(kind);

/** The name in an id: what stands behind the first colon. */
export const nameOf = (id: string) => id.slice(id.indexOf(':') + 1);

/** The kind in an id. */
export const kindOf = (id: string) => id.slice(0, id.indexOf(':')) as ResourceKind;
