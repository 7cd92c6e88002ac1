/** What the host in memory consists of. */
import { sha256 } from '../../src/plan/digest.ts';
import { absent, type PathState, present, type Read } from '../../src/resources/observed.ts';

export const parent = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';
export const folder = (owner = 'root', group = 'root', mode = '755'): PathState => ({
  type: 'directory',
  mode,
  owner,
  group,
});
export const file = (content: string, owner = 'root', group = 'root', mode = '644'): PathState => ({
  type: 'file',
  mode,
  owner,
  group,
  sha256: sha256(content),
  content,
});
export const link = (target: string): PathState => ({
  type: 'symlink',
  mode: '777',
  owner: 'root',
  group: 'root',
  target,
});
export const read = <T>(value: T | undefined): Read<T> => (value === undefined ? absent : present(value));

/** What installing a package brings on Debian 12. */
export const contents: Record<string, { unit?: string; user?: string; folders: readonly string[] }> = {
  nginx: {
    unit: 'nginx.service',
    folders: ['/etc/nginx', '/etc/nginx/sites-available', '/etc/nginx/sites-enabled', '/var/log/nginx'],
  },
  postgresql: {
    unit: 'postgresql@15-main.service',
    user: 'postgres',
    folders: ['/etc/postgresql/15/main', '/etc/postgresql/15/main/conf.d'],
  },
  curl: { folders: [] },
  certbot: { folders: ['/etc/letsencrypt'] },
};

/** Folders that every host has. */
export const bareFolders = [
  ...[
    '/',
    '/etc',
    '/etc/systemd',
    '/etc/systemd/system',
    '/etc/systemd/system/multi-user.target.wants',
    '/etc/tmpfiles.d',
    '/srv',
    '/run',
    '/opt',
  ],
  ...[
    '/etc/apt/apt.conf.d',
    '/etc/logrotate.d',
    '/etc/ssh/sshd_config.d',
    '/etc/sudoers.d',
    '/etc/sysctl.d',
    '/usr/local/lib',
    // The executor's own.
    '/var/lib/fairlead',
  ],
];

/** Units that run on every host, and that nobody has to enable. */
export const bareUnits = ['ssh.service', 'systemd-journald.service', 'systemd-sysctl.service'];

/** The probe sends no content that is known already. */
export function shown(state: PathState | undefined, known: ReadonlySet<string>): PathState | undefined {
  if (!state?.sha256 || !known.has(state.sha256)) return state;
  const { content: _known, ...rest } = state;
  return rest;
}
