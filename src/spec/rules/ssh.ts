import { usualSshPort } from '../../compile/host/places.ts';
import { error, type Rule, type RuleContext, warning } from './rule.ts';

const rootIsNeeded: Rule = ({ document, spec, hosts }) => {
  const asRoot = hosts.filter(({ host }) => host.user === 'root').map(({ host }) => host.name);
  if (spec.host.ssh.rootLogin !== 'no' || asRoot.length === 0) return [];
  return [
    error(
      document,
      ['host', 'ssh', 'rootLogin'],
      'host.root-login',
      `host.ssh.rootLogin is no, but Fairlead logs in to ${asRoot.join(', ')} as root`,
      'write "user:" with a user who may run sudo without a password into host.yaml, or write "rootLogin: key"',
    ),
  ];
};

/** The words of a setting in all lines of patches.sshd, with the line of each; keywords have no case (sshd_config(5)). */
const patched = ({ spec }: RuleContext, keyword: string) =>
  spec.patches.sshd.flatMap((line, index) => {
    const [first = '', ...words] = line.trim().split(/[\s=]+/);
    return first.toLowerCase() === keyword ? words.map((word) => ({ word, index })) : [];
  });

/** Whether a pattern of sshd (ssh_config(5), PATTERNS) covers a user; what stands behind an @ limits from where. */
function covers(pattern: string, user: string): boolean {
  const [name = ''] = pattern.split('@');
  const source = name
    .replaceAll(/[^A-Za-z0-9*?]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(user);
}

/** Users who must be able to log in, with who says so. */
const usersOf = ({ spec, hosts }: RuleContext): [user: string, because: string][] => [
  ...new Map([
    ...Object.keys(spec.host.admins).map((name) => [name, 'whom host.admins lets in'] as const),
    ...hosts.map(({ host }) => [host.user, 'whom host.yaml logs in as'] as const),
  ]),
];

const usersLeftOut: Rule = (context) => {
  const allowed = patched(context, 'allowusers');
  const denied = patched(context, 'denyusers');
  return usersOf(context).flatMap(([user, because]) => {
    const refused = denied.find(({ word }) => covers(word, user));
    const leftOut = allowed.some(({ word }) => covers(word, user)) ? undefined : allowed[0];
    const line = refused ?? leftOut;
    if (!line) return [];
    return [
      error(
        context.document,
        ['patches', 'sshd', line.index],
        'host.ssh-user',
        `this line keeps out ${user}, ${because}`,
        refused ? `take ${user} out of it` : `add ${user} to it`,
      ),
    ];
  });
};

const groupsUnknown: Rule = (context) =>
  ['allowgroups', 'denygroups'].flatMap((keyword) =>
    patched(context, keyword)
      .slice(0, 1)
      .map(({ index }) =>
        warning(
          context.document,
          ['patches', 'sshd', index],
          'host.ssh-group',
          'this line may keep out the user of host.yaml: nobody here knows the groups of the host',
          'write AllowUsers with the user names instead',
        ),
      ),
  );

const portNotOpen: Rule = (context) => {
  const moved = patched(context, 'port');
  const { document, hosts } = context;
  return hosts.slice(0, 1).flatMap(() => {
    const unreachable = hosts.find(({ host }) =>
      moved.every(({ word }) => word !== String(host.port) && word !== String(usualSshPort)),
    );
    if (moved.length === 0 || !unreachable) return [];
    const { host } = unreachable;
    return [
      error(
        document,
        ['patches', 'sshd', moved[0]!.index],
        'host.ssh-port',
        `SSH would listen on ${moved.map(({ word }) => word).join(', ')}, but ${host.name} is reached on port ${host.port}`,
        `add "Port ${host.port}", or write "port: ${moved[0]!.word}" into host.yaml`,
      ),
    ];
  });
};

const networksWithoutFirewall: Rule = ({ document, spec }) =>
  spec.host.ssh.allow.length > 0 && !spec.host.firewall.enabled
    ? [
        error(
          document,
          ['host', 'ssh', 'allow'],
          'host.ssh-allow',
          'host.ssh.allow has no effect without the firewall, so SSH would be open to everybody',
          'write "host: { firewall: { enabled: true } }", or delete it',
        ),
      ]
    : [];

/** Rules about the SSH server: whoever applies must be able to log in again. */
export const sshRules: readonly Rule[] = [
  rootIsNeeded,
  usersLeftOut,
  groupsUnknown,
  portNotOpen,
  networksWithoutFirewall,
];
