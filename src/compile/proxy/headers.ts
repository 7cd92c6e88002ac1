import { seconds } from '../../spec/units.ts';
import type { Context } from '../render.ts';
import { from, type Traced } from '../trace.ts';
import { ownName, type Site } from './site.ts';

/** A response header with a value that is known now, or with that of a variable. */
interface Fixed {
  readonly [name: string]: Traced;
  readonly header: Traced;
  readonly value: Traced;
}
interface Variable {
  readonly [name: string]: Traced;
  readonly header: Traced;
  readonly variable: Traced;
}

/**
 * The headers that every response gets. A location that adds one of its own must add all of these again, since Nginx
 * inherits them all or not at all (ngx_http_headers_module).
 */
export const siteHeaders = (site: Site): Context => ({
  headers: fixedHeaders(site),
  variableHeaders: variableHeaders(site),
});

/** Names of headers that the program's own answers must not bring, because the proxy adds them. */
export function hiddenHeaders(site: Site): Traced[] {
  const names = [...fixedHeaders(site), ...variableHeaders(site)].map(({ header }) => header);
  return names.filter(({ value }) => value !== 'Vary' && value !== 'Alt-Svc');
}

const header = (key: string, name: string, value: string): Fixed => ({
  header: from(key, name),
  value: from(key, value, 'nginx-text'),
});

function fixedHeaders(site: Site): Fixed[] {
  const { spec, proxy, tls } = site;
  const { contentSecurityPolicy: policy, permissionsPolicy, frameOptions, referrerPolicy } = proxy.headers;
  return [
    header('proxy.headers', 'X-Content-Type-Options', 'nosniff'),
    header('proxy.headers.referrerPolicy', 'Referrer-Policy', referrerPolicy),
    ...(frameOptions === 'none' ? [] : [header('proxy.headers.frameOptions', 'X-Frame-Options', frameOptions)]),
    ...(policy ? [header('proxy.headers.contentSecurityPolicy', 'Content-Security-Policy', policy)] : []),
    ...(permissionsPolicy ? [header('proxy.headers.permissionsPolicy', 'Permissions-Policy', permissionsPolicy)] : []),
    ...(tls && spec.tls.hsts.enabled ? [header('tls.hsts', 'Strict-Transport-Security', hstsValue(site))] : []),
    ...(proxy.http3 ? [header('proxy.http3', 'Alt-Svc', `h3=":${proxy.httpsPort}"; ma=86400`)] : []),
    ...(proxy.cors.origins.length > 0 ? [header('proxy.cors.origins', 'Vary', 'Origin')] : []),
  ];
}

/** RFC 6797, section 6.1. */
export function hstsValue({ spec }: Site): string {
  const { maxAge, includeSubdomains, preload } = spec.tls.hsts;
  return [
    `max-age=${seconds(maxAge)}`,
    ...(includeSubdomains ? ['includeSubDomains'] : []),
    ...(preload ? ['preload'] : []),
  ].join('; ');
}

/** Whether a load balancer ends TLS, so that the header depends on how the client came. */
export const hasVariableHsts = ({ spec, tls, balanced }: Site): boolean => !tls && balanced && spec.tls.hsts.enabled;

function variableHeaders(site: Site): Variable[] {
  const variable = (key: string, name: string, suffix: string): Variable => ({
    header: from(key, name),
    variable: ownName(site, suffix, key),
  });
  const { origins, credentials } = site.proxy.cors;
  return [
    ...(hasVariableHsts(site) ? [variable('tls.hsts', 'Strict-Transport-Security', 'hsts')] : []),
    ...(origins.length > 0
      ? [
          variable('proxy.cors.origins', 'Access-Control-Allow-Origin', 'cors_origin'),
          variable('proxy.cors.methods', 'Access-Control-Allow-Methods', 'cors_methods'),
          variable('proxy.cors.headers', 'Access-Control-Allow-Headers', 'cors_headers'),
          variable('proxy.cors.maxAge', 'Access-Control-Max-Age', 'cors_max_age'),
        ]
      : []),
    ...(origins.length > 0 && credentials
      ? [variable('proxy.cors.credentials', 'Access-Control-Allow-Credentials', 'cors_credentials')]
      : []),
  ];
}
