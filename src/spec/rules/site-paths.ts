import { answersTo, redirectName, siteNames } from '../../compile/proxy/names.ts';
import type { KeyPath } from '../document.ts';
import type { ResolvedProxy } from '../types.ts';
import { error, type Rule, type RuleContext, where } from './rule.ts';

/** A path that a key gives a treatment of its own. */
interface PathClaim {
  readonly url: string;
  readonly path: KeyPath;
  /** Names of the site that it holds for; all when it says none. */
  readonly name?: string | undefined;
}

const redirectPaths = (proxy: ResolvedProxy): PathClaim[] =>
  proxy.redirects.flatMap((redirect, index) =>
    redirect.from === undefined
      ? []
      : [{ url: redirect.from, path: ['proxy', 'redirects', index, 'from'], name: redirectName(proxy, redirect) }],
  );

/** Every path of the file that becomes a location. A folder at "/" is no rival of what happens to the start page. */
function pathClaims({ spec }: RuleContext): PathClaim[] {
  const { proxy, observability } = spec;
  if (!proxy) return [];
  const { path, enabled } = observability.metrics;
  return [
    ...proxy.static.map((one, index) => ({
      url: one.path === '/' ? '/ and below' : one.path,
      path: ['proxy', 'static', index, 'path'],
    })),
    ...redirectPaths(proxy),
    ...proxy.routes.map((one, index) => ({ url: one.path, path: ['proxy', 'routes', index, 'path'] })),
    ...(enabled ? [{ url: path, path: ['observability', 'metrics', 'path'] }] : []),
  ];
}

const meet = (one: PathClaim, two: PathClaim) =>
  one.url === two.url && (one.name === undefined || two.name === undefined || one.name === two.name);

const pathIsClaimedOnce: Rule = (context) => {
  const all = pathClaims(context);
  return all.flatMap((claim, index) => {
    const first = all.slice(0, index).find((other) => meet(claim, other));
    if (!first) return [];
    const place = where(context.document, first.path);
    return [
      error(
        context.document,
        claim.path,
        'proxy.path-twice',
        `${claim.url} has a treatment already: ${first.path.join('.')} (at ${place})`,
        'delete one of the two, or change its path',
      ),
    ];
  });
};

const pathIsNormal: Rule = (context) =>
  pathClaims(context)
    .filter(({ url }) => /\/\/|\/\.{1,2}(\/|$)/.test(url))
    .map(({ url, path }) =>
      error(
        context.document,
        path,
        'proxy.path-unreachable',
        `no request has the path ${url}: Nginx resolves "//", "." and ".." before it compares`,
        'write the path that is left when they are resolved',
      ),
    );

const challenges = '/.well-known/acme-challenge/';

const challengesStayReachable: Rule = (context) =>
  pathClaims(context)
    .filter(({ url }) => url.startsWith(challenges) && context.spec.tls.provider !== 'none')
    .map(({ path }) =>
      error(
        context.document,
        path,
        'proxy.path-reserved',
        `paths below ${challenges} belong to the certificate`,
        'use another path',
      ),
    );

const keptPathFollowsAHost: Rule = ({ document, spec }) =>
  (spec.proxy?.redirects ?? []).flatMap(({ keepPath, to }, index) =>
    keepPath && !/^https?:\/\/[^/?#]+\/?$/.test(to)
      ? [
          error(
            document,
            ['proxy', 'redirects', index, 'to'],
            'proxy.redirect-keep-path',
            `keepPath appends the whole path of the request, and ${to} already has one`,
            'end the target with its host name, such as https://www.example.com, or delete keepPath',
          ),
        ]
      : [],
  );

/** A place that a browser is sent to. */
interface Stop {
  readonly name: string;
  readonly url: string;
}

/** The redirect that answers at a place, as Nginx chooses it: a whole name, else the exact path, else the longest beginning. */
function redirectAt(proxy: ResolvedProxy, { name, url }: Stop): number | undefined {
  const indexed = proxy.redirects.map((redirect, index) => ({
    index,
    from: redirect.from,
    holds: redirectName(proxy, redirect),
  }));
  const whole = indexed.find(({ from, holds }) => from === undefined && holds === name);
  if (whole) return whole.index;
  const answered = answersTo(proxy, name);
  const here = indexed.filter(
    ({ from, holds }) => from !== undefined && (holds === undefined ? answered : holds === name),
  );
  const matches = (from: string) => url === from || (from !== '/' && from.endsWith('/') && url.startsWith(from));
  const best = here
    .filter(({ from = '' }) => matches(from))
    .sort((a, b) => (b.from ?? '').length - (a.from ?? '').length);
  return best[0]?.index;
}

/** Where the redirect with an index sends a browser that is at `at`, as far as that is this site; undefined elsewhere. */
function sentTo(proxy: ResolvedProxy, index: number, at: Stop): Stop | undefined {
  const { to, keepPath } = proxy.redirects[index] as ResolvedProxy['redirects'][number];
  const target = URL.canParse(to, `http://${at.name}`) ? new URL(to, `http://${at.name}`) : undefined;
  if (!target) return undefined;
  // Another service may listen at another port.
  if (!['', `${proxy.port}`, `${proxy.httpsPort}`].includes(target.port)) return undefined;
  const twin = siteNames(proxy).twins.find(({ name }) => name === target.hostname);
  return { name: twin?.target ?? target.hostname, url: keepPath ? at.url : target.pathname };
}

const redirectsEnd: Rule = ({ document, spec: { proxy } }) =>
  (proxy?.redirects ?? []).flatMap((redirect, index) => {
    if (!proxy || (redirect.from === undefined && redirect.domain === undefined)) return [];
    const start = {
      name: redirectName(proxy, redirect) ?? siteNames(proxy).own[0]?.name ?? '',
      url: redirect.from ?? '/',
    };
    return comesBack(proxy, index, start)
      ? [
          error(
            document,
            ['proxy', 'redirects', index, 'to'],
            'proxy.redirect-loop',
            `this redirect leads back to itself: ${start.name}${start.url} would never end`,
            'send it to a path that no redirect begins at',
          ),
        ]
      : [];
  });

function comesBack(proxy: ResolvedProxy, index: number, start: Stop): boolean {
  let at = sentTo(proxy, index, start);
  for (let steps = 0; at && steps <= proxy.redirects.length; steps += 1) {
    const next = redirectAt(proxy, at);
    if (next === undefined) return false;
    if (next === index) return true;
    at = sentTo(proxy, next, at);
  }
  return false;
}

const urlsExist: Rule = ({ document, spec: { proxy } }) => {
  if (!proxy) return [];
  const urls: { path: KeyPath; url: string }[] = [
    ...proxy.redirects.map(({ to }, index) => ({ path: ['proxy', 'redirects', index, 'to'], url: to })),
    ...proxy.routes.map(({ to }, index) => ({ path: ['proxy', 'routes', index, 'to'], url: to })),
    ...proxy.cors.origins.map((url, index) => ({ path: ['proxy', 'cors', 'origins', index], url })),
    ...(proxy.cdn ? [{ path: ['proxy', 'cdn'], url: proxy.cdn }] : []),
  ];
  return urls
    .filter(({ url }) => url.includes('://') && !URL.canParse(url))
    .map(({ path, url }) =>
      error(
        document,
        path,
        'proxy.url',
        `${url} is no URL`,
        'correct its address and its port, of which there are 65535',
      ),
    );
};

/** Rules about the paths of a site, and where its redirects lead. */
export const sitePathRules: readonly Rule[] = [
  pathIsClaimedOnce,
  pathIsNormal,
  challengesStayReachable,
  keptPathFollowsAHost,
  redirectsEnd,
  urlsExist,
];
