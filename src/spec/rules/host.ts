import { hardening } from '../kernel-settings.ts';
import { suggest } from '../suggest.ts';
import type { ResolvedDeployFile } from '../types.ts';
import { firewallRules } from './firewall.ts';
import { observabilityRules } from './observability.ts';
import { error, type Rule, type RuleContext, warning } from './rule.ts';
import { sshRules } from './ssh.ts';

/** A rule about what Fairlead sets up on hosts, which it does not where another project manages them. */
const managed =
  (rule: Rule): Rule =>
  (context) =>
    context.spec.host.manage ? rule(context) : [];

const settingsOfAnUnmanagedHost: Rule = ({ document, spec }) => {
  const given = Object.keys(spec.host).filter((key) => key !== 'manage' && document.has(['host', key]));
  if (spec.host.manage) return [];
  return given.map((key) =>
    warning(
      document,
      ['host', key],
      'host.not-managed',
      `host.${key} does nothing, because host.manage is false`,
      'delete it, or write it into the deploy.yaml of the project that manages the host',
      'key',
    ),
  );
};

/** Users that Debian and Ubuntu bring (base-passwd) or that packages of Fairlead's hosts make; groups of these names exist too. */
const systemUsers = [
  ...[
    'root',
    'daemon',
    'bin',
    'sys',
    'sync',
    'games',
    'man',
    'lp',
    'mail',
    'news',
    'uucp',
    'proxy',
    'www-data',
    'backup',
  ],
  ...[
    'list',
    'irc',
    'nobody',
    'messagebus',
    'sshd',
    'postgres',
    'redis',
    'nginx',
    'systemd-network',
    'systemd-timesync',
  ],
  ...[
    'systemd-resolve',
    'polkitd',
    'syslog',
    'tcpdump',
    'uuidd',
    'pgbouncer',
    'adm',
    'sudo',
    'shadow',
    'staff',
    'users',
  ],
];

const adminIsNoSystemUser: Rule = ({ document, spec }) =>
  Object.keys(spec.host.admins).flatMap((name) => {
    const whose = systemUsers.includes(name) ? 'the system' : name === spec.name ? 'the program' : undefined;
    if (!whose) return [];
    const message = `host.admins.${name} is a user of ${whose}`;
    const fix =
      name === 'root'
        ? 'write the user name of a person; host.ssh.rootLogin says whether root may log in'
        : 'write the user name of a person';
    return [error(document, ['host', 'admins', name], 'host.admin-name', message, fix, 'key')];
  });

const rebootNeedsUpdates: Rule = ({ document, spec }) =>
  spec.host.updates.reboot !== undefined && spec.host.updates.automatic === 'none'
    ? [
        warning(
          document,
          ['host', 'updates', 'reboot'],
          'host.reboot-without-updates',
          'host.updates.reboot does nothing, because host.updates.automatic is none',
          'delete it, or write "automatic: security"',
        ),
      ]
    : [];

const repeatedSetting: Rule = ({ document, spec }) =>
  spec.host.sysctl.flatMap(({ name }, index, all) => {
    const first = all.findIndex((other) => other.name === name);
    return first < index
      ? [
          error(
            document,
            ['host', 'sysctl', index, 'name'],
            'host.sysctl-twice',
            `${name} is set twice`,
            'delete one of the two entries',
          ),
        ]
      : [];
  });

const weakerSetting: Rule = ({ document, spec }) =>
  spec.host.sysctl.flatMap(({ name, value }, index) => {
    const own = hardening[name];
    return own !== undefined && value !== String(own)
      ? [
          warning(
            document,
            ['host', 'sysctl', index],
            'host.sysctl-hardening',
            `${name} takes the place of a setting that protects the host (${own})`,
            `delete it, unless something needs the value ${value}`,
          ),
        ]
      : [];
  });

/** Packages that undo what Fairlead sets up, with what they do and what to type instead. */
function rivals({ proxy }: ResolvedDeployFile): Readonly<Record<string, readonly [does: string, fix: string]>> {
  const filter = ['is a second packet filter', 'delete it, or write "host: { firewall: { enabled: false } }"'] as const;
  const clock = ['takes the place of systemd-timesyncd, which keeps the clock', 'delete it'] as const;
  const web = ['takes the ports of Nginx', 'delete it, or delete the section proxy'] as const;
  return {
    ...Object.fromEntries(
      ['ufw', 'firewalld', 'iptables-persistent', 'ferm', 'shorewall'].map((name) => [name, filter]),
    ),
    ...Object.fromEntries(['chrony', 'ntp', 'ntpsec', 'openntpd'].map((name) => [name, clock])),
    ...(proxy ? Object.fromEntries(['apache2', 'caddy', 'haproxy', 'lighttpd'].map((name) => [name, web])) : {}),
  };
}

const rivalPackage: Rule = ({ document, spec }) =>
  spec.host.packages.flatMap((name, index) => {
    const [does, fix] = rivals(spec)[name] ?? [];
    const isHarmless = does?.includes('packet filter') && !spec.host.firewall.enabled;
    if (!does || !fix || isHarmless) return [];
    return [error(document, ['host', 'packages', index], 'host.package-conflict', `the package ${name} ${does}`, fix)];
  });

/** Whether the tz database knows a zone; the way it is written matters, because it is a path on the host. */
function zoneProblem(zone: string): { readonly near?: string } | undefined {
  // Asking loads the whole database, which takes longer than all other rules together.
  if (zone === 'UTC') return undefined;
  const zones = Intl.supportedValuesOf('timeZone');
  const sameButCase = zones.find((one) => one !== zone && one.toLowerCase() === zone.toLowerCase());
  if (sameButCase) return { near: sameButCase };
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    const near = suggest(zone, zones);
    return near ? { near } : {};
  }
}

const unknownZone: Rule = ({ document, spec }: RuleContext) => {
  const { timezone } = spec.host;
  const problem = zoneProblem(timezone);
  if (!problem) return [];
  const fix = problem.near ? `did you mean ${problem.near}?` : 'write a name of the tz database, such as Europe/Berlin';
  return [error(document, ['host', 'timezone'], 'host.timezone', `there is no time zone ${timezone}`, fix)];
};

/** Rules about what hosts are besides running the program. */
export const baselineRules: readonly Rule[] = [
  settingsOfAnUnmanagedHost,
  ...[
    adminIsNoSystemUser,
    rebootNeedsUpdates,
    repeatedSetting,
    weakerSetting,
    rivalPackage,
    unknownZone,
    ...sshRules,
    ...firewallRules,
  ].map(managed),
  ...observabilityRules,
];
