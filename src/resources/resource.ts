/**
 * What a host should have, one thing each. A resource is plain data: how it is read, compared and changed is told by its
 * kind (see kind.ts). `id` is `<kind>:<name>` and unique on a host; `origin` is the key of deploy.yaml that caused it;
 * `needs` lists the ids that must be in place before.
 */
interface Base {
  readonly id: string;
  readonly origin: string;
  readonly needs: readonly string[];
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

/** A systemd unit that is enabled and active, and that has taken up the current state of its inputs. */
export interface UnitResource extends Base {
  readonly kind: 'unit';
  readonly name: string;
  readonly inputs: readonly ServiceInput[];
  /** Checks the configuration as a whole before the service takes it up; `nginx` runs `nginx -t`. */
  readonly validator?: 'nginx';
  /** Request that must succeed once the service is active, over loopback. */
  readonly check?: { readonly port: number; readonly host: string; readonly path: string };
}

/** A PostgreSQL role that may log in and nothing more. */
export interface PostgresRoleResource extends Base {
  readonly kind: 'postgres-role';
  readonly name: string;
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
  | SymlinkResource
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
  'file',
  'symlink',
  'unit',
  'postgres-role',
  'postgres-database',
  'release',
];

/** The name in an id: what stands behind the first colon. */
export const nameOf = (id: string) => id.slice(id.indexOf(':') + 1);

/** The kind in an id. */
export const kindOf = (id: string) => id.slice(0, id.indexOf(':')) as ResourceKind;
