/** A compiled host as the files that its programs would find, with stand-ins for what no compiler knows. */
import type { HostManifest } from '../../src/compile/manifest.ts';
import { isText, type Resource } from '../../src/resources/resource.ts';
import { judgesOf } from './judges.ts';

/** What a folder of judge.sh holds, by path; a link is told by its target. */
export interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly content?: string;
  readonly target?: string;
  readonly isDirectory?: boolean;
}

/** Stand-ins for what is on a host and not in its manifest. */
export interface StandIns {
  /** A certificate and its key in PEM. */
  readonly certificate: string;
  readonly key: string;
}

/** A value that any file may hold, and its hash by crypt(3). */
const secretValue = 'stand-in-0123456789';
const secretHash = '$6$fairlead$QMY8wGNmqVVHBXKhrzSKSxg7Fxha6QmPvCHbrDOFIZSGoJoEx7Zz9mFb/1ygQnlqCWaZK9AUfGrIZNGNqQbSO.';

const withSecrets = (text: string) =>
  text.replaceAll(/@@[A-Z][A-Z0-9_]*(:[a-z]+)?@@/g, (_found, form) => (form === ':crypt' ? secretHash : secretValue));

/** The files of a host below `root/`, and what judge.sh must know about them. `asks` tells whether a judge is asked about a text. */
export function staged(
  manifest: HostManifest,
  standIns: StandIns,
  asks: (judge: string, text: string, byTextAlone: boolean) => boolean,
): Entry[] {
  const { resources, companions, project } = manifest;
  const texts = [...resources.filter(isText), ...companions];
  const work = texts.flatMap(({ path, content }) =>
    judgesOf(path, project)
      .filter(({ name, where, byTextAlone }) => where === 'host' && asks(name, content, byTextAlone ?? false))
      .map(({ name, subject }) => `${name}\t${subject ?? (path.startsWith('/') ? path : `/etc/${path}`)}`),
  );
  const list = (path: string, lines: readonly string[]): Entry => ({
    path,
    mode: 0o644,
    content: lines.map((line) => `${line}\n`).join(''),
  });
  return [
    ...resources.flatMap(entriesOf),
    ...certificates(resources, project, standIns),
    ...companions.map(({ path, content }) => ({ path: `root/etc/${path}`, mode: 0o644, content })),
    list('work', [...new Set(work)]),
    list('units', unitsOf(manifest)),
    list('exposed', exposedOf(manifest)),
    list('names', [...new Set([project, ...namesOf(resources)])]),
    list('programs', programsOf(resources)),
    list('addresses', manifest.host.privateAddress ? [manifest.host.privateAddress] : []),
  ];
}

function entriesOf(resource: Resource): Entry[] {
  switch (resource.kind) {
    case 'directory':
      return [{ path: `root${resource.path}`, mode: Number.parseInt(resource.mode, 8), isDirectory: true }];
    case 'symlink':
      return [{ path: `root${resource.path}`, mode: 0o777, target: resource.target }];
    case 'secret':
      return [{ path: `root${resource.path}`, mode: 0o600, content: secretValue }];
    case 'file':
    case 'secret-file':
      return [
        {
          path: `root${resource.path}`,
          mode: Number.parseInt(resource.mode, 8),
          content: withSecrets(resource.content),
        },
      ];
    default:
      return [];
  }
}

/** Certificate and key where the site reads them, or where the links there lead to. */
function certificates(resources: readonly Resource[], project: string, { certificate, key }: StandIns): Entry[] {
  const at = (name: string, content: string): Entry => {
    const path = `/etc/fairlead/${project}/tls/${name}`;
    const link = resources.find((resource) => resource.kind === 'symlink' && resource.path === path);
    const place = link?.kind === 'symlink' ? link.target : path;
    return { path: `root${place}`, mode: 0o600, content };
  };
  return [at('fullchain.pem', certificate), at('privkey.pem', key)];
}

const unitPath = /^\/etc\/systemd\/system\/([^/]+?)(\.d\/[^/]+)?$/;

/** Names of the units that a manifest has files of, templates as their first instance. */
function unitsOf({ resources }: HostManifest): string[] {
  const names = resources.filter(isText).flatMap(({ path }) => path.match(unitPath)?.[1] ?? []);
  return [...new Set(names.map((name) => name.replace('@.', '@1.')))];
}

/** Units whose processes are the user's: web instances, workers and jobs. */
const exposedOf = ({ resources, project }: HostManifest): string[] =>
  resources
    .filter(isText)
    .map(({ path }) => path)
    .filter((path) =>
      new RegExp(`^/etc/systemd/system/${project}-((blue|green)@|worker-[a-z0-9-]+@?|job-[a-z0-9-]+)\\.service$`).test(
        path,
      ),
    )
    .map((path) => path.replace('@.', '@1.'));

const namesOf = (resources: readonly Resource[]) =>
  resources.flatMap((resource) => (resource.kind === 'user' || resource.kind === 'group' ? [resource.name] : []));

/** The programs that units start. */
function programsOf(resources: readonly Resource[]): string[] {
  const lines = resources
    .filter(isText)
    .flatMap(({ path, content }) => (unitPath.test(path) ? content.split('\n') : []));
  return [...new Set(lines.flatMap((line) => line.match(/^Exec\w+=[-+!@:]*(\/\S+)/)?.[1] ?? []))].sort();
}
