/** Short ways to write the resources that every section makes. */
import type {
  DirectoryResource,
  FileResource,
  PackageResource,
  SecretFileResource,
  SymlinkResource,
} from '../resources/resource.ts';
import type { Rendered } from './render.ts';

interface Ownership {
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly needs?: readonly string[];
}

/** A compiled file; owned by root and readable by all when nothing else is said. `origin` is the key that caused it. */
export const file = (
  path: string,
  { text, lines }: Rendered,
  origin: string,
  { mode = '644', owner = 'root', group = 'root', needs = [] }: Ownership = {},
): FileResource => ({
  kind: 'file',
  id: `file:${path}`,
  path,
  mode,
  owner,
  group,
  content: text,
  lines,
  origin,
  needs,
});

/** A directory; owned by root and readable by all when nothing else is said. */
export const directory = (
  path: string,
  origin: string,
  { mode = '755', owner = 'root', group = 'root', needs = [] }: Ownership = {},
): DirectoryResource => ({ kind: 'directory', id: `directory:${path}`, path, mode, owner, group, origin, needs });

/** A package of the distribution. `retain` keeps it when no key asks for it any more, because data depends on it. */
export const aptPackage = (name: string, origin: string, retain = false): PackageResource => ({
  kind: 'package',
  id: `package:${name}`,
  name,
  origin,
  needs: [],
  retain,
});

/** A symbolic link that takes the place of nothing. */
export const symlink = (
  path: string,
  target: string,
  origin: string,
  needs: readonly string[] = [],
): SymlinkResource => ({ kind: 'symlink', id: `symlink:${path}`, path, target, origin, needs });

/** Where the value of a secret lies on a host. */
export const secretPath = (project: string, secret: string): string => `/etc/fairlead/${project}/secrets/${secret}`;

/** The id of the resource that puts a secret on a host. */
export const secretId = (project: string, secret: string): string => `secret:${secretPath(project, secret)}`;

/**
 * A compiled file with secrets in it, written by `from(key, NAME, 'secret')`; readable by its owner alone when nothing else is
 * said. `secrets` lists their names.
 */
export const secretFile = (
  project: string,
  path: string,
  { text, lines }: Rendered,
  origin: string,
  secrets: readonly string[],
  { mode = '600', owner = 'root', group = 'root', needs = [] }: Ownership = {},
): SecretFileResource => ({
  kind: 'secret-file',
  id: `secret-file:${path}`,
  path,
  mode,
  owner,
  group,
  content: text,
  lines,
  origin,
  needs: [...needs, ...secrets.map((secret) => secretId(project, secret))],
});
