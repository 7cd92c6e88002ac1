/** What is to be read from a host. Everything is asked for at once (apply/probe). */
export interface Wanted {
  readonly paths: readonly string[];
  /** Paths of files with secrets in them: their hash is never taken without a key. */
  readonly secrets: readonly string[];
  readonly packages: readonly string[];
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Unit names or patterns with `*`; a pattern yields the loaded units that match. */
  readonly units: readonly string[];
  /** Names of clusters of PostgreSQL, such as main. */
  readonly clusters: readonly string[];
  readonly roles: readonly string[];
  readonly databases: readonly string[];
}

/** A read that failed is never taken for an absence: it is `unknown`, with what the host said. */
export type Read<T> =
  | { readonly state: 'present'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly because: string };

export const present = <T>(value: T): Read<T> => ({ state: 'present', value });
export const absent: Read<never> = { state: 'absent' };
export const unknown = (because: string): Read<never> => ({ state: 'unknown', because });

export interface PathState {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** Octal without leading zeros, as find(1) prints %m. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** SHA-256 of a regular file's content. */
  readonly sha256?: string;
  /** Bytes of a regular file. */
  readonly size?: number;
  /** Content of a small text file whose hash is not the wanted one; for the difference that people read. */
  readonly content?: string;
  /** Whether it is a package's configuration file that nobody has changed since it was installed (deb-conffiles(5)). */
  readonly pristine?: true;
  /** Where a symbolic link points. */
  readonly target?: string;
}

/** A file with secrets in it. */
export interface SecretState {
  readonly type: PathState['type'];
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Digest of a regular file's content under the host's key; missing while the host has none. */
  readonly digest?: string;
  /** What the host noted when it last put secrets into this file. */
  readonly composed?: Composition;
  /** As that of a path. */
  readonly pristine?: true;
}

/** What a file with secrets in it was made from. */
export interface Composition {
  /** SHA-256 of the text without its secrets. */
  readonly template: string;
  /** Keyed digest of what came out. */
  readonly result: string;
  /** The digests of the secrets that the plan knew, as `NAME=digest` separated by spaces. */
  readonly secrets: string;
  /** Keyed digest of each secret that went in, by its path. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface UnitState {
  readonly active: string;
  readonly enabled: string;
  readonly needsReload: boolean;
}

/** A cluster of PostgreSQL, in each major version that the host has it in. */
export interface ClusterState {
  /** The version that serves: of those that start at boot the one with the project's settings, or else the newest. */
  readonly serves: number;
  /** Whether it has the project's settings. */
  readonly ours: boolean;
  /** Versions that have data, in rising order. */
  readonly versions: readonly number[];
}

export interface UserState {
  readonly group: string;
  readonly home: string;
  readonly shell: string;
}

/** Facts about the host itself. */
export interface HostFacts {
  /** `<ID>-<VERSION_ID>` of os-release(5), such as debian-12. */
  readonly os: string;
  /** As dpkg prints it, such as amd64. */
  readonly architecture: string;
  readonly bootId: string;
  /** Id of the transaction of the project that was begun and has not ended: it is at work, or was cut off. */
  readonly unfinished?: string;
  /** Paths that other projects on this host have, with the name of the project. */
  readonly neighbours?: ReadonlyMap<string, string>;
  /** Free space by mount that matters, in KiB. */
  readonly freeKib: Readonly<Record<string, number>>;
}

/** One host as the probe saw it. Every wanted name has an entry. */
export interface Observed {
  readonly facts: HostFacts;
  readonly paths: ReadonlyMap<string, Read<PathState>>;
  readonly secrets: ReadonlyMap<string, Read<SecretState>>;
  readonly packages: ReadonlyMap<string, Read<{ readonly version: string }>>;
  readonly users: ReadonlyMap<string, Read<UserState>>;
  readonly groups: ReadonlyMap<string, Read<true>>;
  readonly units: ReadonlyMap<string, Read<UnitState>>;
  readonly clusters: ReadonlyMap<string, Read<ClusterState>>;
  readonly roles: ReadonlyMap<string, Read<{ readonly login: boolean }>>;
  readonly databases: ReadonlyMap<string, Read<{ readonly owner: string }>>;
}

const nothing: Wanted = {
  paths: [],
  secrets: [],
  packages: [],
  users: [],
  groups: [],
  units: [],
  clusters: [],
  roles: [],
  databases: [],
};

/** One request out of many, each name once, in a fixed order. */
export function wantAll(parts: readonly Partial<Wanted>[]): Wanted {
  const keys = Object.keys(nothing) as (keyof Wanted)[];
  const union = (key: keyof Wanted) => [...new Set(parts.flatMap((part) => part[key] ?? []))].sort();
  return Object.fromEntries(keys.map((key) => [key, union(key)])) as unknown as Wanted;
}

/** Looks up a read; a name that was never asked for is a fault of the program. */
export function lookUp<T>(reads: ReadonlyMap<string, Read<T>>, name: string): Read<T> {
  return reads.get(name) ?? unknown(`${name} was not read`);
}

/** Applies `use` to what is present; absence and ignorance pass through. */
export function mapRead<T, U>(read: Read<T>, use: (value: T) => U): Read<U> {
  return read.state === 'present' ? present(use(read.value)) : read;
}
