import { realName, redirectName, siteNames, twinName } from '../../compile/proxy/names.ts';
import type { KeyPath } from '../document.ts';
import type { ResolvedProxy } from '../types.ts';
import { error, type Rule, where } from './rule.ts';

/** A name that the site claims, where it stands, and how messages call it there. */
interface Claim {
  readonly name: string;
  readonly path: KeyPath;
  readonly as: string;
}

const duplicateDomain: Rule = ({ document, spec }) => {
  const domains: readonly string[] = spec.proxy?.domains ?? [];
  return domains.flatMap((domain, index) => {
    const first = domains.indexOf(domain);
    if (first === index) return [];
    const place = where(document, ['proxy', 'domains', first]);
    return [
      error(
        document,
        ['proxy', 'domains', index],
        'proxy.duplicate-domain',
        `domain ${domain} is listed twice (first at ${place})`,
        'delete one of the two entries',
      ),
    ];
  });
};

/** All names of a site but exact repetitions in `proxy.domains`, in the order of the file. */
function claims({ domains, www, redirects }: ResolvedProxy): Claim[] {
  const listed = domains.flatMap((domain, index): Claim[] => {
    if (domains.indexOf(domain) < index) return [];
    const path = ['proxy', 'domains', index];
    const twin = twinName(domain, www);
    const real = { name: realName(domain, www), path, as: 'a domain' };
    return twin === undefined ? [real] : [real, { name: twin, path, as: `the twin of ${real.name}` }];
  });
  const moved = redirects.flatMap(({ domain, from }, index): Claim[] =>
    domain === undefined || from !== undefined || (domains as readonly string[]).includes(domain)
      ? []
      : [{ name: domain, path: ['proxy', 'redirects', index, 'domain'], as: 'redirected as a whole' }],
  );
  return [...listed, ...moved];
}

const nameIsClaimedOnce: Rule = ({ document, spec }) => {
  const owners = new Map<string, Claim>();
  const reported = new Set<KeyPath>();
  return (spec.proxy ? claims(spec.proxy) : []).flatMap((claim) => {
    const before = owners.get(claim.name);
    if (!before) owners.set(claim.name, claim);
    if (!before || reported.has(claim.path)) return [];
    reported.add(claim.path);
    const message = `${claim.name} is ${claim.as} here, and ${before.as} already (at ${where(document, before.path)})`;
    return [error(document, claim.path, 'proxy.domain-twice', message, 'delete one of the two entries')];
  });
};

const domainIsMovedOnce: Rule = ({ document, spec: { proxy } }) => {
  const moved = proxy ? siteNames(proxy).moved.filter(({ name }) => isOwn(proxy, name)) : [];
  return moved.flatMap(({ name, index }, at) => {
    const first = moved.find((other) => other.name === name);
    if (!first || first === moved[at]) return [];
    return [
      error(
        document,
        ['proxy', 'redirects', index, 'domain'],
        'proxy.domain-twice',
        `${name} is redirected as a whole already (at ${where(document, ['proxy', 'redirects', first.index])})`,
        'delete one of the two entries',
      ),
    ];
  });
};

/** Whether the site answers to a name itself, unless it is redirected. */
const isOwn = ({ domains, www }: ResolvedProxy, name: string) =>
  domains.some((domain) => realName(domain, www) === name);

const redirectSaysWhatItHoldsFor: Rule = ({ document, spec: { proxy } }) =>
  (proxy?.redirects ?? []).flatMap((redirect, index) => {
    const path = ['proxy', 'redirects', index];
    if (redirect.domain === undefined && redirect.from === undefined) {
      const message = 'this redirect names neither a path nor a domain, so it would hold for everything';
      return [error(document, path, 'proxy.redirect-all', message, 'add "from: /old" or "domain: old.example.com"')];
    }
    const name = proxy && redirectName(proxy, redirect);
    if (redirect.from === undefined || name === undefined || isOwn(proxy as ResolvedProxy, name)) return [];
    return [
      error(
        document,
        [...path, 'from'],
        'proxy.redirect-domain',
        `${name} is not in proxy.domains, so it is redirected as a whole and not at ${redirect.from} only`,
        `delete "from", or add ${name} to proxy.domains`,
      ),
    ];
  });

/** Nginx's own limit where its main file leaves server_names_hash_bucket_size and map_hash_bucket_size at 64. */
const longestName = 46;
const mostNames = 100;

const namesFitTheDistribution: Rule = ({ document, spec: { proxy, host } }) => {
  if (!proxy || host.manage) return [];
  const { own, twins, moved } = siteNames(proxy);
  const names = [...own, ...twins, ...moved];
  const code = 'proxy.names-unmanaged';
  const fix = 'set host.manage: true in the project that sets up this host, and let it carry this site';
  const because = "the distribution's nginx.conf, which host.manage: false keeps";
  const tooLong = names
    .filter(({ name }) => name.length > longestName)
    .map(({ name, key }) => {
      const message = `${name} has ${name.length} characters, and names may have ${longestName} with ${because}`;
      return error(document, key.split('.'), code, message, fix);
    });
  const origins = proxy.cors.origins.flatMap((origin, index) => {
    const message = `${origin} has ${origin.length} characters, and origins may have ${longestName} with ${because}`;
    return origin.length > longestName
      ? [error(document, ['proxy', 'cors', 'origins', index], code, message, fix)]
      : [];
  });
  const message = `the site has ${names.length} names, and may have ${mostNames} with ${because}`;
  const tooMany = names.length > mostNames ? [error(document, ['proxy', 'domains'], code, message, fix, 'key')] : [];
  return [...tooLong, ...origins, ...tooMany];
};

/** Rules about the names of a site. */
export const siteNameRules: readonly Rule[] = [
  duplicateDomain,
  nameIsClaimedOnce,
  domainIsMovedOnce,
  redirectSaysWhatItHoldsFor,
  namesFitTheDistribution,
];
