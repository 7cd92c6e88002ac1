import { nginxDollar } from '../../compile/escape.ts';
import { hasRole } from '../../compile/topology.ts';
import type { KeyPath } from '../document.ts';
import type { ResolvedDeployFile } from '../types.ts';
import { seconds } from '../units.ts';
import { error, type Rule, warning } from './rule.ts';
import { siteAccessRules } from './site-access.ts';
import { siteNameRules } from './site-names.ts';
import { sitePathRules } from './site-paths.ts';

const portsDiffer: Rule = ({ document, spec: { proxy, tls } }) =>
  proxy && tls.provider !== 'none' && proxy.port === proxy.httpsPort
    ? [
        error(
          document,
          ['proxy', document.has(['proxy', 'httpsPort']) ? 'httpsPort' : 'port'],
          'proxy.ports',
          `HTTP and HTTPS cannot both listen on ${proxy.port}`,
          'choose two ports, such as 80 and 443',
        ),
      ]
    : [];

const tlsIsSpoken = ({ tls }: ResolvedDeployFile) => tls.provider !== 'none';

const keysOfTlsAreUsed: Rule = ({ document, spec }) => {
  if (!spec.proxy || tlsIsSpoken(spec)) return [];
  return ['http2', 'http3', 'httpsPort']
    .filter((key) => document.has(['proxy', key]) && spec.proxy?.[key as 'http2'] !== false)
    .map((key) =>
      warning(
        document,
        ['proxy', key],
        'proxy.needs-tls',
        `proxy.${key} does nothing: tls.provider is none`,
        `delete it, or set tls.provider`,
        'key',
      ),
    );
};

const http3NeedsTheMainFile: Rule = ({ document, spec: { proxy, host } }) =>
  proxy?.http3 && !host.manage
    ? [
        error(
          document,
          ['proxy', 'http3'],
          'proxy.http3-unmanaged',
          "HTTP/3 needs one socket for each of Nginx's processes, which its main file sets up, and host.manage is false",
          'set proxy.http3: false, or host.manage: true if no other project sets up the host',
        ),
      ]
    : [];

/** Ports that other sites of a host listen on, too; the distribution's own listens on the first. */
const sharedPorts = [80, 443];

const proxyProtocolHasItsPorts: Rule = ({ document, spec }) => {
  const { proxy, host } = spec;
  if (proxy?.loadBalancer.protocol !== 'proxy' || host.manage) return [];
  const ports = [proxy.port, ...(tlsIsSpoken(spec) ? [proxy.httpsPort] : [])];
  return ports
    .filter((port) => sharedPorts.includes(port))
    .map((port) =>
      error(
        document,
        ['proxy', 'loadBalancer', 'protocol'],
        'proxy.balancer-port',
        `the PROXY protocol holds for a whole port, and port ${port} belongs to other sites of the host, too: host.manage is false`,
        'set proxy.port and proxy.httpsPort to ports that only this project listens on',
      ),
    );
};

const preloadIsWhole: Rule = ({ document, spec: { proxy, tls } }) => {
  const { enabled, maxAge, includeSubdomains, preload } = tls.hsts;
  if (!proxy || !preload) return [];
  const year = 365 * 86_400;
  const missing = [
    ...(enabled ? [] : ['enabled: true']),
    ...(seconds(maxAge) >= year ? [] : ['maxAge: 365d or more']),
    ...(includeSubdomains ? [] : ['includeSubdomains: true']),
  ];
  if (missing.length === 0) return [];
  const message = `browsers take no name into their list without ${missing.join(' and ')} in tls.hsts`;
  const fix = `set ${missing.join(' and ')}, or preload: false`;
  return [error(document, ['tls', 'hsts', 'preload'], 'proxy.hsts-preload', message, fix)];
};

const filesAreOnTheHost: Rule = ({ document, spec: { proxy }, hosts }) =>
  hosts
    .filter(({ host }) => proxy && proxy.static.length > 0 && hasRole(host, 'proxy') && !hasRole(host, 'app'))
    .map(({ host }) =>
      error(
        document,
        ['proxy', 'static'],
        'proxy.static-remote',
        `host ${host.name} is a proxy without the program, so it has none of its files`,
        `add app to the roles of ${host.name}, or delete proxy.static and let the program serve them`,
        'key',
      ),
    );

const cdnServesSomething: Rule = ({ document, spec: { proxy } }) =>
  proxy?.cdn && proxy.static.length === 0
    ? [
        warning(
          document,
          ['proxy', 'cdn'],
          'proxy.cdn-unused',
          'proxy.cdn redirects requests for static files, and proxy.static lists none',
          'delete it, or list the folders in proxy.static',
          'key',
        ),
      ]
    : [];

/** A word of Nginx's files, quotes included, must fit a buffer of 4096 bytes (NGX_CONF_BUFFER of ngx_conf_file.c). */
const mostBytes = 4000;

/** Bytes of a text as Nginx's file holds it (compile/escape.ts): quotes and backslashes take two, a `$` becomes a variable. */
const writtenBytes = (text: string) =>
  Buffer.byteLength(text.replaceAll(/["\\]/g, '\\$&').replaceAll('$', nginxDollar)) + 2;

const textsFit: Rule = ({ document, spec: { proxy } }) => {
  if (!proxy) return [];
  const texts: [KeyPath, string | undefined][] = [
    [['proxy', 'headers', 'contentSecurityPolicy'], proxy.headers.contentSecurityPolicy],
    [['proxy', 'headers', 'permissionsPolicy'], proxy.headers.permissionsPolicy],
    [['proxy', 'auth', 'realm'], proxy.auth.realm.replaceAll(/["\\]/g, '\\$&')],
  ];
  return texts.flatMap(([path, text = '']) => {
    const bytes = writtenBytes(text);
    if (bytes <= mostBytes) return [];
    const message = `${path.join('.')} takes ${bytes} bytes in Nginx's file (a $ takes 18), and ${mostBytes} fit`;
    return [error(document, path, 'proxy.text-long', message, 'shorten it')];
  });
};

/** Rules about the site. */
export const proxyRules: readonly Rule[] = [
  ...siteNameRules,
  ...sitePathRules,
  ...siteAccessRules,
  portsDiffer,
  keysOfTlsAreUsed,
  http3NeedsTheMainFile,
  proxyProtocolHasItsPorts,
  preloadIsWhole,
  filesAreOnTheHost,
  cdnServesSomething,
  textsFit,
];
