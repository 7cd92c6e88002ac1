import type { ResolvedDeployFile } from '../types.ts';
import { error, type Rule, warning } from './rule.ts';

const openWithoutFirewall: Rule = ({ document, spec }) =>
  spec.host.firewall.open.length > 0 && !spec.host.firewall.enabled
    ? [
        warning(
          document,
          ['host', 'firewall', 'open'],
          'host.open-without-firewall',
          'host.firewall.open does nothing, because host.firewall.enabled is false: every port is open',
          'delete it, or write "enabled: true"',
        ),
      ]
    : [];

const openedTwice: Rule = ({ document, spec }) =>
  spec.host.firewall.open.flatMap(({ port, protocol }, index, all) => {
    const first = all.findIndex((other) => other.port === port && other.protocol === protocol);
    return first < index
      ? [
          error(
            document,
            ['host', 'firewall', 'open', index, 'port'],
            'host.open-twice',
            `port ${port} (${protocol}) is opened twice`,
            'put all networks into one entry',
          ),
        ]
      : [];
  });

/** TCP ports that the firewall opens because of other keys, with the key and what to do for further networks. */
function openAnyway({ proxy, tls, database, cache }: ResolvedDeployFile): Record<number, readonly [string, string]> {
  return {
    ...(cache?.placement === 'host'
      ? { 6379: ['the cache', 'delete it: the hosts of the project reach the cache, and nobody else should'] }
      : {}),
    ...(database?.placement === 'host'
      ? { 5432: ['the database', 'write its networks into database.allow, which also lets them log in'] }
      : {}),
    ...(proxy && tls.provider !== 'none' ? { [proxy.httpsPort]: ['proxy.httpsPort', 'delete it'] } : {}),
    ...(proxy ? { [proxy.port]: ['proxy.port', 'delete it'] } : {}),
  };
}

const openedAnyway: Rule = ({ document, spec }) =>
  spec.host.firewall.open.flatMap(({ port, protocol }, index) => {
    const [owner, fix] = openAnyway(spec)[port] ?? [];
    if (!owner || !fix || protocol !== 'tcp') return [];
    const message = `port ${port} belongs to ${owner}, which opens it to those who need it`;
    return [warning(document, ['host', 'firewall', 'open', index], 'host.open-anyway', message, fix)];
  });

const portOfSsh: Rule = ({ document, spec, hosts }) => {
  const { proxy, tls } = spec;
  if (!proxy) return [];
  const ports = { port: proxy.port, ...(tls.provider === 'none' ? {} : { httpsPort: proxy.httpsPort }) };
  return Object.entries(ports).flatMap(([key, port]) => {
    const host = hosts.find((one) => one.host.port === port && one.host.roles.includes('proxy'))?.host;
    return host
      ? [
          error(
            document,
            ['proxy', key],
            'host.port-taken',
            `port ${port} is the one of SSH on ${host.name}`,
            `write another proxy.${key}, or change the port of the host's SSH server and host.yaml`,
          ),
        ]
      : [];
  });
};

/** Rules about ports and who reaches them. */
export const firewallRules: readonly Rule[] = [openWithoutFirewall, openedTwice, openedAnyway, portOfSsh];
