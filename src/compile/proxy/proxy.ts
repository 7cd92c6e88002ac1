import type { Resource, ServiceInput, UnitResource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory, file, secretFile, symlink } from '../parts.ts';
import { render } from '../render.ts';
import { placeholderUnitId } from '../tls/places.ts';
import { hasRole } from '../topology.ts';
import { from, tracer } from '../trace.ts';
import { speaksProxyProtocol } from './listen.ts';
import { dropInOf, mainFileOf } from './main-file.ts';
import { checkName } from './names.ts';
import { dropIn, dropInFolder, sitePlaces } from './places.ts';
import { type Site, siteOf } from './site.ts';
import { siteFile } from './site-file.ts';

/** Nginx of the distribution with one site; with `host.manage` also its main file and the sandbox of its unit. */
export function compileProxy(input: CompileInput): Resource[] {
  const site = siteOf(input);
  if (!site) return [];
  const read = [...packages(site), ...siteResources(site), ...mainResources(site)];
  const beside = [...logFiles(site), ...pages(site), ...passwords(site)];
  return [...read, ...beside, unit(site, read, beside)];
}

/** On releases whose Nginx cannot refuse a handshake, ssl-cert makes a certificate for names that no site answers to. */
function packages({ spec, proxy, tls, target }: Site): Resource[] {
  const needsCertificate = spec.host.manage && tls && !target.nginx.rejectHandshake;
  return [
    aptPackage('nginx', 'proxy'),
    ...(needsCertificate ? [aptPackage('ssl-cert', 'tls.provider')] : []),
    ...(proxy.brotli
      ? ['libnginx-mod-http-brotli-filter', 'libnginx-mod-http-brotli-static'].map((name) =>
          aptPackage(name, 'proxy.brotli'),
        )
      : []),
  ];
}

function siteResources(site: Site): Resource[] {
  const { available, enabled, logs } = sitePlaces(site.spec.name);
  const written = file(available, siteFile(site), 'proxy', { needs: ['package:nginx', `directory:${logs}`] });
  return [written, symlink(enabled, available, 'proxy', [written.id])];
}

function mainResources(site: Site): Resource[] {
  if (!site.spec.host.manage) return [];
  return [directory(dropInFolder, 'host.manage'), dropInOf(site), mainFileOf(site)];
}

/** The folder of the site's logs, and the file that keeps them short. */
function logFiles({ spec, templates }: Site): Resource[] {
  const { logs, logrotate } = sitePlaces(spec.name);
  const key = tracer(spec);
  const rendered = render(templates, 'logrotate/nginx-site', 'nginx', {
    name: key('name'),
    logs: from('name', logs),
    days: key('proxy.log.days'),
  });
  return [
    directory(logs, 'proxy.log', { owner: 'www-data', group: 'adm', mode: '750', needs: ['package:nginx'] }),
    aptPackage('logrotate', 'proxy.log'),
    file(logrotate, rendered, 'proxy.log', { needs: ['package:logrotate', `directory:${logs}`] }),
  ];
}

function pages({ spec, proxy, templates }: Site): Resource[] {
  if (!proxy.maintenance.enabled) return [];
  const places = sitePlaces(spec.name);
  const rendered = render(templates, 'nginx/maintenance.html', 'html', {
    name: from('name', spec.name),
    message: from('proxy.maintenance.message', proxy.maintenance.message),
  });
  return [
    directory(places.pages, 'proxy.maintenance', { needs: [`directory:${places.configuration}`] }),
    file(places.maintenancePage, rendered, 'proxy.maintenance', { needs: [`directory:${places.pages}`] }),
  ];
}

/** Nginx reads it at each request, so it is no input of the unit. */
function passwords({ spec, proxy, templates }: Site): Resource[] {
  const users = Object.entries(proxy.auth.users as Readonly<Record<string, string>>);
  if (users.length === 0) return [];
  const places = sitePlaces(spec.name);
  const rendered = render(templates, 'nginx/htpasswd', 'htpasswd', {
    users: users.map(([user, secret]) => ({
      user: from(`proxy.auth.users.${user}`, user),
      hash: from(`proxy.auth.users.${user}`, `${secret}:crypt`, 'secret'),
    })),
  });
  const secrets = [...new Set(users.map(([, secret]) => secret))];
  const needs = ['package:nginx', `directory:${places.configuration}`];
  return [
    secretFile(spec.name, places.passwords, rendered, 'proxy.auth.users', secrets, {
      mode: '640',
      group: 'www-data',
      needs,
    }),
  ];
}

/** Nginx itself, which takes up all that `read` holds and finds `beside` when it asks. */
function unit(site: Site, read: readonly Resource[], beside: readonly Resource[]): UnitResource {
  const { spec, host, tls } = site;
  const after = [...(tls ? [placeholderUnitId(spec.name)] : []), ...(hasRole(host, 'app') ? [programId(spec)] : [])];
  const check = checkOf(site);
  return {
    kind: 'unit',
    id: 'unit:nginx.service',
    name: 'nginx.service',
    origin: 'proxy',
    needs: [...[...read, ...beside].map(({ id }) => id), ...after],
    inputs: read.filter(({ id }) => id !== 'package:nginx' && !id.startsWith('directory:')).map(inputOf),
    validator: 'nginx',
    ...(check ? { check } : {}),
  };
}

/** What runs the web instances on a host. */
const programId = ({ name, app }: Site['spec']) =>
  app.runtime === 'compose' ? `unit:${name}-compose.service` : `release:${name}`;

/** Only a restart puts a process into another sandbox. */
const inputOf = ({ id }: Resource): ServiceInput => ({ id, effect: id === `file:${dropIn}` ? 'restart' : 'reload' });

/** A request over loopback that must reach the program; none where the file asks for something that it would not get past. */
function checkOf({ spec, proxy, tls }: Site): UnitResource['check'] {
  const isRefused =
    proxy.maintenance.enabled || proxy.auth.everywhere || proxy.allow.length > 0 || proxy.deny.length > 0;
  if (isRefused || speaksProxyProtocol(proxy)) return undefined;
  const port = tls ? proxy.httpsPort : proxy.port;
  return { port, host: checkName(proxy), path: spec.app.health.ready, ...(tls ? { tls } : {}) };
}
