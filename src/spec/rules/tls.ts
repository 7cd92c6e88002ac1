import { certificateNames } from '../../compile/tls/names.ts';
import { hasRole } from '../../compile/topology.ts';
import type { Diagnostic } from '../../diagnostic.ts';
import type { ResolvedTls } from '../types.ts';
import { seconds } from '../units.ts';
import { error, type Rule, type RuleContext, warning } from './rule.ts';

type Provider = ResolvedTls['provider'];

const byCertbot = (tls: ResolvedTls) => tls.provider === 'letsencrypt' || tls.provider === 'acme';

/** A rule about a site that has certificates; without the section proxy there is none. */
const ofSites =
  (rule: (context: RuleContext, tls: ResolvedTls) => readonly (Diagnostic | undefined)[]): Rule =>
  (context) =>
    context.spec.proxy ? rule(context, context.spec.tls).filter((one) => one !== undefined) : [];

/** An error at `tls.<key>` for a value that the provider needs and the file does not give. */
const missing = ({ document, spec }: RuleContext, key: keyof ResolvedTls, because: string, fix: string) =>
  spec.tls[key] === undefined
    ? error(document, ['tls', key], 'tls.required', `tls.${key} is required because ${because}`, fix, 'key')
    : undefined;

const providerHasWhatItNeeds = ofSites((context, tls) => {
  const because = `tls.provider is ${tls.provider}`;
  const need = (key: keyof ResolvedTls, example: string) =>
    missing(context, key, because, `add "${key}: ${example}" to tls, or set tls.provider: none`);
  if (tls.provider === 'files') return [need('certificate', 'TLS_CERTIFICATE'), need('key', 'TLS_KEY')];
  if (!byCertbot(tls)) return [];
  return [
    missing(context, 'email', because, 'add tls.email, or set tls.provider: none'),
    tls.provider === 'acme' ? need('server', 'https://acme.internal.example.com/directory') : undefined,
  ];
});

/** Keys that only some providers read. */
const readBy: Partial<Record<keyof ResolvedTls, readonly Provider[]>> = {
  email: ['letsencrypt', 'acme'],
  staging: ['letsencrypt'],
  challenge: ['letsencrypt', 'acme'],
  dnsHook: ['letsencrypt', 'acme'],
  dnsCredentials: ['letsencrypt', 'acme'],
  server: ['acme'],
  serverCa: ['acme'],
  accountKeyId: ['acme'],
  accountHmac: ['acme'],
  certificate: ['files'],
  key: ['files'],
  keyType: ['letsencrypt', 'acme', 'self-signed'],
  profile: ['letsencrypt', 'acme'],
  renewBefore: ['letsencrypt', 'acme', 'self-signed'],
};

/** Why a key that the file gives does nothing, and what to set for it to do something; undefined when it does. */
function idle(key: keyof ResolvedTls, tls: ResolvedTls): { because: string; wanted: string } | undefined {
  const providers = readBy[key];
  if (providers && !providers.includes(tls.provider))
    return { because: `tls.provider is ${tls.provider}`, wanted: `tls.provider: ${providers.join(' or ')}` };
  const ofDns = key === 'dnsHook' || key === 'dnsCredentials';
  return ofDns && tls.challenge === 'http'
    ? { because: 'tls.challenge is http', wanted: 'tls.challenge: dns' }
    : undefined;
}

const keysAreRead: Rule = ({ document, spec: { tls } }) =>
  (Object.keys(readBy) as (keyof ResolvedTls)[]).flatMap((key) => {
    const found = document.has(['tls', key]) ? idle(key, tls) : undefined;
    if (!found) return [];
    const message = `tls.${key} does nothing: ${found.because}`;
    return [warning(document, ['tls', key], 'tls.unused', message, `delete it, or set ${found.wanted}`, 'key')];
  });

const tlsNeedsASite: Rule = ({ document, spec }) =>
  !spec.proxy && document.has(['tls']) && spec.tls.provider !== 'none'
    ? [
        warning(
          document,
          ['tls'],
          'tls.no-site',
          'tls does nothing: there is no section proxy',
          'add "proxy: { domains: [notes.example.com] }", or delete tls',
          'key',
        ),
      ]
    : [];

/** `proxy.domains.0` as a key path. */
const pathOf = (key: string) => key.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));

const wildcardNeedsDns = ofSites(({ document, spec }, tls) =>
  byCertbot(tls) && tls.challenge === 'http'
    ? certificateNames(spec)
        .filter(({ name }) => name.startsWith('*.'))
        .map(({ key, name }) =>
          error(
            document,
            pathOf(key),
            'tls.wildcard',
            `a certificate for ${name} needs the challenge dns`,
            'set tls.challenge: dns and tls.dnsHook, or list the names one by one',
          ),
        )
    : [],
);

const dnsNeedsItsHook = ofSites((context, tls) =>
  byCertbot(tls) && tls.challenge === 'dns'
    ? [missing(context, 'dnsHook', 'tls.challenge is dns', 'add "dnsHook: deploy/dns-hook.js" to tls')]
    : [],
);

const hookNeedsTheRelease = ofSites(({ document, spec, hosts }, tls) => {
  if (!byCertbot(tls) || tls.challenge !== 'dns' || !tls.dnsHook) return [];
  const problem = (message: string, fix: string) => error(document, ['tls', 'dnsHook'], 'tls.dns-hook', message, fix);
  if (spec.app.runtime === 'compose') {
    return [
      problem(
        'tls.dnsHook is run by the Node.js of a release, and app.runtime compose has none',
        'use tls.challenge: http, or app.runtime: systemd',
      ),
    ];
  }
  return hosts
    .filter(({ host }) => hasRole(host, 'proxy') && !hasRole(host, 'app'))
    .map(({ host }) =>
      problem(
        `tls.dnsHook is a file of the release, which host ${host.name} does not have: it is a proxy only`,
        `add app to the roles of ${host.name}, or use tls.challenge: http`,
      ),
    );
});

const bindingIsWhole = ofSites((context, tls) => {
  if (tls.provider !== 'acme' || (tls.accountKeyId === undefined) === (tls.accountHmac === undefined)) return [];
  const fix = 'give both tls.accountKeyId and tls.accountHmac, or neither';
  return [
    missing(context, 'accountHmac', 'tls.accountKeyId is set', fix),
    missing(context, 'accountKeyId', 'tls.accountHmac is set', fix),
  ];
});

const serverIsNoPlaceholder: Rule = ({ document, spec: { tls } }) =>
  tls.server?.includes('@@')
    ? [
        error(
          document,
          ['tls', 'server'],
          'tls.server',
          'tls.server holds @@, which marks secrets in the file that it is written to',
          'write %40 for each @',
        ),
      ]
    : [];

const challengesComeToPort80 = ofSites(({ document, spec }, tls) => {
  const port = spec.proxy?.port;
  return byCertbot(tls) && tls.challenge === 'http' && port !== 80
    ? [
        warning(
          document,
          ['proxy', 'port'],
          'tls.port',
          `challenges are always asked at port 80, and Nginx listens on ${port}`,
          'set proxy.port: 80, use tls.challenge: dns, or make sure that port 80 is forwarded to it',
        ),
      ]
    : [];
});

/** Days that a certificate may still have when it is renewed; longer, and every run would order a new one (5 a week are allowed). */
const renewalDays = { classic: 30, tlsserver: 30, shortlived: 3 } as const;

const daysOf = (duration: string) => seconds(duration) / 86_400;

const renewalFitsTheProfile = ofSites(({ document }, tls) => {
  const most = renewalDays[tls.profile];
  if (tls.provider !== 'letsencrypt' || daysOf(tls.renewBefore) <= most) return [];
  const lasting = tls.profile === 'shortlived' ? 'last six days' : 'will last 45 days';
  return [
    error(
      document,
      ['tls', 'renewBefore'],
      'tls.renew-before',
      `tls.renewBefore is ${tls.renewBefore}, but ${tls.profile} certificates ${lasting}: each look would order a new one, and Let's Encrypt allows five a week`,
      `set tls.renewBefore: ${most}d or less`,
    ),
  ];
});

const renewalLeavesTime = ofSites(({ document }, tls) =>
  tls.provider !== 'none' && tls.provider !== 'files' && daysOf(tls.renewBefore) < 1
    ? [
        error(
          document,
          ['tls', 'renewBefore'],
          'tls.renew-before',
          `tls.renewBefore is ${tls.renewBefore}, which leaves less than a day to notice that renewal fails`,
          'set tls.renewBefore: 1d or more',
        ),
      ]
    : [],
);

/** Names that Let's Encrypt puts into one certificate (letsencrypt.org/docs/profiles). */
const mostNames = { classic: 100, tlsserver: 25, shortlived: 25 } as const;

const namesFitOneCertificate = ofSites(({ document, spec }, tls) => {
  const names = certificateNames(spec).length;
  const most = mostNames[tls.profile];
  return tls.provider === 'letsencrypt' && names > most
    ? [
        error(
          document,
          ['proxy', 'domains'],
          'tls.too-many-names',
          `the site has ${names} names with its www twins and redirects, and a ${tls.profile} certificate holds ${most}`,
          tls.profile === 'classic' ? 'list fewer names' : 'list fewer names, or set tls.profile: classic',
          'key',
        ),
      ]
    : [];
});

/** Names that no public certificate can hold: they are no public domains (RFC 6761, RFC 6762, RFC 8375). */
const privateName = /^([^.]+|.*\.(localhost|local|internal|lan|test|invalid|example|home\.arpa))$/;

const namesArePublic = ofSites(({ document, spec }, tls) =>
  tls.provider === 'letsencrypt'
    ? certificateNames(spec)
        .filter(({ name }) => privateName.test(name) || /^[\d.]+$/.test(name))
        .map(({ key, name }) =>
          error(
            document,
            pathOf(key),
            'tls.private-name',
            `Let's Encrypt issues no certificate for ${name}: it is not a public domain name`,
            'use a public name, or set tls.provider: acme, files or none',
          ),
        )
    : [],
);

const stagingIsForTests: Rule = ({ document, spec: { proxy, tls }, environment }) =>
  proxy && tls.provider === 'letsencrypt' && tls.staging && environment === 'production'
    ? [
        warning(
          document,
          ['tls', 'staging'],
          'tls.staging',
          'the certificates of production come from the staging server: no browser trusts them',
          'delete tls.staging once the rehearsal went well',
        ),
      ]
    : [];

const selfSignedIsForLabs: Rule = ({ document, spec: { proxy, tls }, environment }) =>
  proxy && tls.provider === 'self-signed' && environment === 'production'
    ? [
        warning(
          document,
          ['tls', 'provider'],
          'tls.self-signed',
          'the certificates of production are signed by their hosts: every browser warns of them',
          'set tls.provider: letsencrypt and tls.email once the names lead to the hosts',
        ),
      ]
    : [];

const passwordsAreEncrypted: Rule = ({ document, spec: { proxy, tls } }) =>
  proxy &&
  tls.provider === 'none' &&
  proxy.loadBalancer.addresses.length === 0 &&
  Object.keys(proxy.auth.users).length > 0
    ? [
        warning(
          document,
          ['tls', 'provider'],
          'tls.plain-passwords',
          'the passwords of proxy.auth cross the network in plain text: tls.provider is none, and no load balancer that ends TLS is named',
          'set tls.provider: letsencrypt and tls.email, or list the load balancer in proxy.loadBalancer.addresses',
        ),
      ]
    : [];

/** Rules about certificates. */
export const tlsRules: readonly Rule[] = [
  providerHasWhatItNeeds,
  keysAreRead,
  tlsNeedsASite,
  wildcardNeedsDns,
  dnsNeedsItsHook,
  hookNeedsTheRelease,
  bindingIsWhole,
  serverIsNoPlaceholder,
  challengesComeToPort80,
  renewalFitsTheProfile,
  renewalLeavesTime,
  namesFitOneCertificate,
  namesArePublic,
  stagingIsForTests,
  selfSignedIsForLabs,
  passwordsAreEncrypted,
];
