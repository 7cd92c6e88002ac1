import { sha256 } from '../../plan/digest.ts';
import { layout } from '../../resources/layout.ts';
import type { FileResource, Resource, SecretFileResource, UnitResource } from '../../resources/resource.ts';
import type { ResolvedDeployFile } from '../../spec/types.ts';
import { seconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { onFailure } from '../observability/places.ts';
import { aptPackage, directory, file, secretFile, secretId, secretPath } from '../parts.ts';
import { checkName } from '../proxy/names.ts';
import { render } from '../render.ts';
import { hasRole } from '../topology.ts';
import { from, type Traced, tracer } from '../trace.ts';
import { certificateNames } from './names.ts';
import { acmeWebroot, tlsPlaces } from './places.ts';

/**
 * Certificates of the site, on every host with the role proxy: a placeholder before Nginx starts, then the real one, from
 * Certbot or from secrets; for Certbot also a timer that renews it, and a hook for renewals that others begin.
 */
export function compileTls(input: CompileInput): Resource[] {
  const { spec, host } = input;
  if (!spec.proxy || spec.tls.provider === 'none' || !hasRole(host, 'proxy')) return [];
  const { name, tls } = spec;
  const places = tlsPlaces(name);
  const script = programFile(input);
  const environment = environmentFile(input);
  return [
    aptPackage('openssl', 'tls'),
    directory(places.configuration, 'name'),
    directory(places.programs, 'name'),
    script,
    environment,
    ...unit(input, placeholder, [script, environment]),
    ...makers[tls.provider](input, [script, environment]),
  ];
}

/** How a step around the certificate runs as a unit. */
interface Service {
  readonly title: string;
  readonly unit: 'placeholder' | 'certificate' | 'install' | 'renewal';
  readonly verb: 'placeholder' | 'issue' | 'install' | 'renew';
  /** Whether it stays active, so that it runs once after each boot and after each change. */
  readonly remains?: true;
  /** Whether it runs before Nginx. */
  readonly first?: true;
  /** Whether it only tries, because somebody else's server has to agree. */
  readonly attempted?: true;
}

const placeholder: Service = {
  title: 'Placeholder certificate',
  unit: 'placeholder',
  verb: 'placeholder',
  remains: true,
  first: true,
};
const issue: Service = { title: 'Certificate', unit: 'certificate', verb: 'issue', remains: true, attempted: true };
const own = (verb: 'install' | 'issue'): Service => ({
  title: 'Certificate',
  unit: 'certificate',
  verb,
  remains: true,
});
const install: Service = { title: 'Renewed certificate', unit: 'install', verb: 'install' };
const renewal: Service = { title: 'Renewal of the certificate', unit: 'renewal', verb: 'renew' };

/** The file of a unit and, when it remains active, the unit, which restarts when one of its files changes. */
function unit(input: CompileInput, service: Service, reads: readonly Resource[], needs: readonly string[] = []) {
  const written = serviceFile(input, service);
  if (!service.remains) return [written];
  const unitName = tlsPlaces(input.spec.name).units[service.unit];
  const inputs = service.first ? [] : [...reads, written].map(({ id }) => ({ id, effect: 'restart' as const }));
  const resource: UnitResource = {
    kind: 'unit',
    id: `unit:${unitName}`,
    name: unitName,
    origin: 'tls.provider',
    needs: ['package:openssl', written.id, ...reads.map(({ id }) => id), ...needs],
    inputs,
    ...(service.attempted ? { attempted: true } : {}),
  };
  return [written, resource];
}

/** What brings the certificate, by provider. */
const makers: Readonly<
  Record<ResolvedDeployFile['tls']['provider'], (input: CompileInput, reads: readonly Resource[]) => Resource[]>
> = {
  letsencrypt: fromCertbot,
  acme: fromCertbot,
  files: fromSecrets,
  'self-signed': fromItself,
  none: () => [],
};

/** A certificate that the host signs itself, and renews. */
function fromItself(input: CompileInput, reads: readonly Resource[]): Resource[] {
  return [...unit(input, own('issue'), reads, ['unit:nginx.service']), ...unit(input, renewal, []), ...timer(input)];
}

/** A certificate of your own: the values of two secrets, put in place whenever one changes. */
function fromSecrets(input: CompileInput, reads: readonly Resource[]): Resource[] {
  const { name, tls } = input.spec;
  const secrets = [tls.certificate, tls.key].flatMap((secret) => (secret ? [secretId(name, secret)] : []));
  const [written, resource] = unit(input, own('install'), reads, ['unit:nginx.service', ...secrets]) as [
    FileResource,
    UnitResource,
  ];
  const inputs = [...resource.inputs, ...secrets.map((id) => ({ id, effect: 'restart' as const }))];
  return [written, { ...resource, inputs }];
}

function fromCertbot(input: CompileInput, reads: readonly Resource[]): Resource[] {
  const { spec } = input;
  const { name, tls } = spec;
  const request = requestFile(input);
  const secrets = [tls.dnsCredentials, tls.serverCa].flatMap((secret) => (secret ? [secretId(name, secret)] : []));
  const release = tls.challenge === 'dns' ? [`release:${name}`] : [];
  const programs = ['certbot', 'bind9-host', 'curl'].map((one) => `package:${one}`);
  const needs = [...programs, 'unit:nginx.service', `directory:${acmeWebroot}`, ...secrets, ...release];
  return [
    aptPackage('certbot', 'tls.provider'),
    // What is looked at before the server is asked: the DNS, and port 80.
    ...['bind9-host', 'curl'].map((one) => aptPackage(one, 'tls.provider')),
    directory(acmeWebroot, 'tls'),
    request,
    ...unit(input, issue, [...reads, request], needs),
    ...unit(input, install, []),
    ...unit(input, renewal, []),
    ...hook(input),
    ...timer(input),
  ];
}

/** Certbot runs every file of this folder after it renewed any certificate of the host, also when its own timer did. */
function hook({ spec, templates }: CompileInput): Resource[] {
  const folders = ['/etc/letsencrypt/renewal-hooks', '/etc/letsencrypt/renewal-hooks/deploy'];
  const program = render(templates, 'certbot/deploy-hook.sh', 'foreign', {});
  const needs = ['package:certbot', ...folders.map((path) => `directory:${path}`)];
  return [
    ...folders.map((path) => directory(path, 'tls.provider', { needs: ['package:certbot'] })),
    file(tlsPlaces(spec.name).hook, program, 'tls.provider', { mode: '755', needs }),
  ];
}

function timer({ spec, templates }: CompileInput): Resource[] {
  const { units } = tlsPlaces(spec.name);
  const written = file(
    `/etc/systemd/system/${units.timer}`,
    render(templates, 'certbot/renewal.timer', 'systemd', {
      name: from('name', spec.name),
      service: from('name', units.renewal),
    }),
    'tls.provider',
  );
  const inputs = [{ id: written.id, effect: 'restart' as const }];
  // It does not wait for the certificate: where that could not be had, it is what tries again.
  const needs = [written.id, 'unit:nginx.service'];
  return [
    written,
    { kind: 'unit', id: `unit:${units.timer}`, name: units.timer, origin: 'tls.provider', needs, inputs },
  ];
}

function serviceFile({ spec, target, templates }: CompileInput, service: Service): FileResource {
  const places = tlsPlaces(spec.name);
  const because = (flag: boolean) => from('tls.provider', flag);
  const rendered = render(templates, 'certbot/certificate.service', 'systemd', {
    name: from('name', spec.name),
    title: from('tls.provider', service.title),
    systemd: from('tls.provider', target.systemd.version),
    release: from('tls.provider', target.release),
    first: because(service.first === true),
    later: because(service.first !== true),
    remains: because(service.remains === true),
    onFailure: service.first === true ? [] : onFailure(spec),
    environment: from('name', places.environment),
    folder: from('name', places.configuration),
    script: from('name', places.script, 'systemd-exec'),
    verb: from('tls.provider', service.verb, 'systemd-exec'),
  });
  return file(`/etc/systemd/system/${places.units[service.unit]}`, rendered, 'tls.provider');
}

function programFile({ spec, templates }: CompileInput): FileResource {
  const { script, programs } = tlsPlaces(spec.name);
  const program = render(templates, 'certbot/certificate.sh', 'foreign', {});
  return file(script, program, 'tls.provider', { mode: '755', needs: [`directory:${programs}`] });
}

/**
 * Certbot's name for the certificate. Another server means another one: Certbot would keep what it has until it is due, and
 * refuses to put a certificate of a test server in the place of a real one.
 */
function lineage({ name, tls }: CompileInput['spec']): Traced {
  if (tls.provider === 'acme') return from('tls.server', `${name}-${sha256(tls.server ?? '').slice(0, 8)}`);
  return tls.staging ? from('tls.staging', `${name}-staging`) : from('name', name);
}

function environmentFile({ spec, templates }: CompileInput): FileResource {
  const { name, tls, proxy } = spec;
  const places = tlsPlaces(name);
  const ofSecret = (secret: string | undefined) => (secret ? secretPath(name, secret) : '');
  const kept = lineage(spec);
  const live = (part: string) => from(kept.key, `/etc/letsencrypt/live/${kept.value}/${part}.pem`);
  const common: Record<string, Traced> = {
    PROJECT: from('name', name),
    SERVER_NAME: from('proxy.domains.0', proxy ? checkName(proxy) : name),
    HTTPS_PORT: from('proxy.httpsPort', proxy?.httpsPort ?? 443),
    // With the PROXY protocol a client on this host is not understood, so nothing can be proven.
    PROVE: from('proxy.loadBalancer.protocol', proxy?.loadBalancer.protocol === 'proxy' ? 'no' : 'yes'),
  };
  const fromFiles: Record<string, Traced> = {
    CERTIFICATE: from('tls.certificate', ofSecret(tls.certificate)),
    KEY: from('tls.key', ofSecret(tls.key)),
  };
  const ofDns: Record<string, Traced> = {
    RELEASE: from('name', layout(name).liveRelease),
    DNS_HOOK: from('tls.dnsHook', tls.dnsHook ?? ''),
    DNS_CREDENTIALS: from('tls.dnsCredentials', ofSecret(tls.dnsCredentials)),
  };
  const renewed: Record<string, Traced> = {
    ISSUER: from('tls.provider', tls.provider === 'self-signed' ? 'self' : 'acme'),
    NAMES: from(
      'proxy.domains',
      certificateNames(spec)
        .map((one) => one.name)
        .join(' '),
    ),
    KEY_TYPE: from('tls.keyType', tls.keyType),
    RENEW_HOURS: from('tls.renewBefore', Math.ceil(seconds(tls.renewBefore) / 3600)),
  };
  const madeHere: Record<string, Traced> = {
    ...renewed,
    CERTIFICATE: from('name', `${places.configuration}/self-signed/fullchain.pem`),
    KEY: from('name', `${places.configuration}/self-signed/privkey.pem`),
  };
  const fromLineage: Record<string, Traced> = {
    ...renewed,
    CERTIFICATE: live('fullchain'),
    KEY: live('privkey'),
    LINEAGE: kept,
    REQUEST_FILE: from('tls', places.request),
    CHALLENGE: from('tls.challenge', tls.challenge),
    WEBROOT: from('tls.challenge', acmeWebroot),
    // Whom CAA records of the names must allow; what other servers ask of them is not known here.
    CAA_ISSUER: from('tls.provider', tls.provider === 'letsencrypt' ? 'letsencrypt.org' : ''),
    REHEARSE: from('tls.provider', tls.provider === 'letsencrypt' && !tls.staging ? 'yes' : 'no'),
    ...(tls.challenge === 'dns' ? ofDns : {}),
    ...(tls.serverCa ? { REQUESTS_CA_BUNDLE: from('tls.serverCa', ofSecret(tls.serverCa)) } : {}),
  };
  const all = {
    ...common,
    ...(tls.provider === 'files' ? { ISSUER: from('tls.provider', 'files'), ...fromFiles } : {}),
    ...(tls.provider === 'self-signed' ? madeHere : {}),
    ...(tls.provider === 'letsencrypt' || tls.provider === 'acme' ? fromLineage : {}),
  };
  const rendered = render(templates, 'certbot/certificate.env', 'environment-file', {
    name: from('name', name, 'systemd'),
    variables: Object.entries(all).map(([variable, content]) => ({
      variable: from(content.key, variable, 'identifier'),
      content,
    })),
  });
  return file(places.environment, rendered, 'tls', { mode: '640', needs: [`directory:${places.configuration}`] });
}

/** What Certbot is asked for; with an external account binding it holds a secret. */
function requestFile({ spec, target, templates }: CompileInput): FileResource | SecretFileResource {
  const { name, tls } = spec;
  const key = tracer(spec);
  const places = tlsPlaces(name);
  const bound = tls.accountKeyId !== undefined && tls.accountHmac !== undefined;
  const rendered = render(templates, 'certbot/certbot.ini', 'certbot', {
    certbot: from('tls.provider', target.certbot.version),
    release: from('tls.provider', target.release),
    email: key('tls.email'),
    domains: certificateNames(spec).map((one) => from(one.key, one.name)),
    staging: from('tls.staging', tls.provider === 'letsencrypt' && tls.staging),
    ownServer: from('tls.provider', tls.provider === 'acme'),
    server: tls.server === undefined ? undefined : from('tls.server', tls.server),
    bound: from('tls.accountKeyId', bound),
    accountKeyId: bound ? key('tls.accountKeyId') : undefined,
    accountHmac: bound ? from('tls.accountHmac', tls.accountHmac ?? '', 'secret') : undefined,
    http: from('tls.challenge', tls.challenge === 'http'),
    dns: from('tls.challenge', tls.challenge === 'dns'),
    webroot: from('tls.challenge', acmeWebroot),
    script: from('tls.dnsHook', places.script),
    profiled: from('tls.profile', target.certbot.profiles && tls.profile !== 'classic'),
    profile: key('tls.profile'),
  });
  const needs = [`directory:${places.configuration}`];
  return bound && tls.accountHmac
    ? secretFile(name, places.request, rendered, 'tls', [tls.accountHmac], { needs })
    : file(places.request, rendered, 'tls', { mode: '600', needs });
}
