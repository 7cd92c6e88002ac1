/** The names of a site: those that it answers to, their www. twins, and those that are redirected as a whole. */
import type { ResolvedProxy, ResolvedRedirect } from '../../spec/types.ts';

/** A name, with the key of deploy.yaml that it follows from. */
export interface SiteName {
  readonly name: string;
  readonly key: string;
}

/** A name that only redirects to another one of the site. */
export interface Twin extends SiteName {
  readonly target: string;
}

/** A name that one redirect holds for as a whole. */
export interface MovedName extends SiteName {
  readonly redirect: ResolvedRedirect;
  /** Its place in `proxy.redirects`. */
  readonly index: number;
}

export interface SiteNames {
  /** Names that the site itself answers to, in their order; the first is its main name. */
  readonly own: readonly SiteName[];
  readonly twins: readonly Twin[];
  readonly moved: readonly MovedName[];
}

const bare = (domain: string) => domain.replace(/^www\./, '');

const isWildcard = (domain: string) => domain.startsWith('*.');

/** The real one of a listed name and its twin, as `proxy.www` says. */
export function realName(domain: string, www: ResolvedProxy['www']): string {
  if (www === 'none' || isWildcard(domain)) return domain;
  return www === 'drop' ? bare(domain) : `www.${bare(domain)}`;
}

/** The twin of a listed name, which is redirected to the real one; none for wildcards and where `proxy.www` is none. */
export function twinName(domain: string, www: ResolvedProxy['www']): string | undefined {
  if (www === 'none' || isWildcard(domain)) return undefined;
  return www === 'drop' ? `www.${bare(domain)}` : bare(domain);
}

/** The name of the site that a redirect holds for: the real one where it names the twin's. All when it names none. */
export const redirectName = ({ domains, www }: ResolvedProxy, { domain }: ResolvedRedirect): string | undefined =>
  domain !== undefined && (domains as readonly string[]).includes(domain) ? realName(domain, www) : domain;

/** All names of a site. */
export function siteNames(proxy: ResolvedProxy): SiteNames {
  const { domains, www, redirects } = proxy;
  const moved = redirects.flatMap((redirect, index): MovedName[] => {
    const name = redirectName(proxy, redirect);
    return name !== undefined && redirect.from === undefined
      ? [{ name, key: `proxy.redirects.${index}.domain`, redirect, index }]
      : [];
  });
  const own = domains.map((domain, index) => ({ name: realName(domain, www), key: `proxy.domains.${index}` }));
  const twins = domains.flatMap((domain): Twin[] => {
    const twin = twinName(domain, www);
    return twin === undefined ? [] : [{ name: twin, key: 'proxy.www', target: realName(domain, www) }];
  });
  return { own: own.filter(({ name }) => !moved.some((one) => one.name === name)), twins, moved };
}

/** Whether a server of the site answers to a name: it is listed, or a wildcard of the list covers it. */
export const answersTo = (proxy: ResolvedProxy, name: string): boolean =>
  siteNames(proxy).own.some((own) => own.name === name || own.name === name.replace(/^[^.]+/, '*'));

/** A name of the site without a wildcard, for requests that check it. */
export function checkName(proxy: ResolvedProxy): string {
  const { own, moved } = siteNames(proxy);
  return (own[0]?.name ?? moved[0]?.name ?? '').replace(/^\*\./, 'www.');
}
