import type { KeyPath } from '../document.ts';
import { networkOf } from '../network.ts';
import type { ResolvedDeployFile, ResolvedProxy } from '../types.ts';
import { error, type Rule, warning, where } from './rule.ts';

const asksForPasswords = ({ auth, routes }: ResolvedProxy) => auth.everywhere || routes.some((route) => route.auth);

const questionsHaveUsers: Rule = ({ document, spec: { proxy } }) => {
  if (!proxy || Object.keys(proxy.auth.users).length > 0) return [];
  const route = proxy.routes.findIndex(({ auth }) => auth);
  const path = proxy.auth.everywhere ? ['proxy', 'auth', 'everywhere'] : ['proxy', 'routes', route, 'auth'];
  if (!asksForPasswords(proxy)) return [];
  return [
    error(
      document,
      path,
      'proxy.auth-users',
      'a password is asked for, but proxy.auth.users lists nobody who has one',
      'add "users: { guest: GUEST_PASSWORD }" to proxy.auth, and GUEST_PASSWORD to secrets',
    ),
  ];
};

const usersAreAsked: Rule = ({ document, spec: { proxy } }) =>
  proxy && Object.keys(proxy.auth.users).length > 0 && !asksForPasswords(proxy)
    ? [
        warning(
          document,
          ['proxy', 'auth', 'users'],
          'proxy.auth-unused',
          'nobody is ever asked for these passwords',
          'set proxy.auth.everywhere: true, or auth: true on a route',
          'key',
        ),
      ]
    : [];

const realmIsNotOff: Rule = ({ document, spec: { proxy } }) =>
  proxy?.auth.realm === 'off'
    ? [
        error(
          document,
          ['proxy', 'auth', 'realm'],
          'proxy.auth-realm',
          'a realm of "off" switches the question off in Nginx',
          'write another text, such as Restricted',
        ),
      ]
    : [];

const balancerIsTrusted: Rule = ({ document, spec: { proxy } }) =>
  proxy && proxy.loadBalancer.protocol === 'proxy' && proxy.loadBalancer.addresses.length === 0
    ? [
        error(
          document,
          ['proxy', 'loadBalancer', 'protocol'],
          'proxy.balancer-addresses',
          'proxy.loadBalancer.protocol is proxy, but no address may send it',
          'list the addresses of the load balancer in proxy.loadBalancer.addresses',
        ),
      ]
    : [];

const notEveryoneIsTrusted: Rule = ({ document, spec: { proxy } }) =>
  (proxy?.loadBalancer.addresses ?? []).flatMap((network, index) =>
    networkOf(network)?.prefix === 0
      ? [
          error(
            document,
            ['proxy', 'loadBalancer', 'addresses', index],
            'proxy.balancer-everyone',
            `${network} is everyone: any client could say that it is another`,
            'list the addresses of the load balancer only',
          ),
        ]
      : [],
  );

/** The lists of networks that Nginx keeps as a set. */
function networkSets({ proxy, observability }: ResolvedDeployFile): { path: KeyPath; networks: readonly string[] }[] {
  if (!proxy) return [];
  return [
    { path: ['proxy', 'allow'], networks: proxy.allow },
    { path: ['proxy', 'deny'], networks: proxy.deny },
    { path: ['proxy', 'maintenance', 'allow'], networks: proxy.maintenance.allow },
    { path: ['proxy', 'loadBalancer', 'addresses'], networks: proxy.loadBalancer.addresses },
    { path: ['observability', 'metrics', 'allow'], networks: observability.metrics.allow },
  ];
}

/** The same for each way to write one network. */
function identity(text: string): string {
  const network = networkOf(text);
  return network ? `${network.family} ${network.bits} ${network.prefix}` : text;
}

const networksDiffer: Rule = ({ document, spec }) =>
  networkSets(spec).flatMap(({ path, networks }) => {
    const firstOf = new Map<string, number>();
    return networks.flatMap((text, index) => {
      const first = firstOf.get(identity(text));
      if (first === undefined) firstOf.set(identity(text), index);
      if (first === undefined) return [];
      const message = `${text} is in the list already, as ${networks[first]} (at ${where(document, [...path, first])})`;
      return [error(document, [...path, index], 'proxy.network-twice', message, 'delete one of the two entries')];
    });
  });

const deniedAndAllowed: Rule = ({ document, spec: { proxy } }) => {
  const denied = new Set((proxy?.deny ?? []).map(identity));
  return (proxy?.allow ?? []).flatMap((text, index) =>
    denied.has(identity(text))
      ? [
          warning(
            document,
            ['proxy', 'allow', index],
            'proxy.allow-denied',
            `${text} is in proxy.deny, too, which wins`,
            'delete it from one of the two lists',
          ),
        ]
      : [],
  );
};

/** Rules about who may use a site. */
export const siteAccessRules: readonly Rule[] = [
  questionsHaveUsers,
  usersAreAsked,
  realmIsNotOff,
  balancerIsTrusted,
  notEveryoneIsTrusted,
  networksDiffer,
  deniedAndAllowed,
];
