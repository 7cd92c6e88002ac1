import { hasRole, migratesOn, runsProcesses } from '../../compile/topology.ts';
import { backupEngine } from '../backup-engine.ts';
import type { KeyPath } from '../document.ts';
import { deref, type Schema } from '../schema.ts';
import type { ResolvedHostFile } from '../types.ts';
import { allHosts } from './database-context.ts';
import { error, type HostDocument, type Rule, type RuleContext } from './rule.ts';

/** A value of the file that not every release can do. */
interface Limited {
  readonly path: KeyPath;
  readonly value: unknown;
  readonly schema: Schema;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every value below a schema whose key `x-releases` limits, at any depth. */
function limitedIn(root: Schema, schema: Schema, value: unknown, path: KeyPath): Limited[] {
  const own = schema['x-releases'] && value !== undefined ? [{ path, value, schema }] : [];
  if (Array.isArray(value)) {
    const items = schema.items && deref(root, schema.items);
    return [...own, ...(items ? value.flatMap((one, index) => limitedIn(root, items, one, [...path, index])) : [])];
  }
  if (!isRecord(value)) return own;
  const below = Object.entries(value).flatMap(([key, one]) => {
    const next = schema.properties?.[key] ?? schema.additionalProperties;
    return typeof next === 'object' ? limitedIn(root, deref(root, next), one, [...path, key]) : [];
  });
  return [...own, ...below];
}

/** Whether every release can do a value: its default, or one of `x-allowed`. */
const isForAll = ({ value, schema }: Limited) => {
  const fine = [schema.default, ...(schema['x-allowed'] ?? [])];
  return fine.some((one) => one !== undefined && JSON.stringify(one) === JSON.stringify(value));
};

/** The hosts that a section of the file reaches, or a key in it, by name; all of them for one that is not listed. */
const reached: Readonly<Record<string, (host: ResolvedHostFile, context: RuleContext) => boolean>> = {
  proxy: (host) => hasRole(host, 'proxy'),
  tls: (host, { spec }) => spec.proxy !== undefined && hasRole(host, 'proxy'),
  database: (host) => hasRole(host, 'database'),
  'database/repository': (host, { spec, hosts }) =>
    spec.database?.placement === 'external'
      ? migratesOn('external', allHosts({ hosts }), host)
      : hasRole(host, 'database'),
  'database/pooler': (host, { spec }) => spec.database?.pooler.enabled === true && runsProcesses(spec, host),
  backups: (host, { spec }) =>
    spec.database !== undefined && spec.backups.engine !== 'none' && hasRole(host, 'database'),
  app: (host) => hasRole(host, 'app') || hasRole(host, 'worker'),
  cache: (host) => hasRole(host, 'app') || hasRole(host, 'worker'),
};

/** Values that do nothing as the file is, whatever the release. */
const isIdle = ({ path }: Limited, { spec }: RuleContext) =>
  (path[0] === 'backups' &&
    path[1] === 'repository' &&
    path[2] === 'host' &&
    (spec.backups.repository.type !== 'sftp' || backupEngine(spec) !== 'pgbackrest')) ||
  (path[0] === 'tls' && path[1] === 'profile' && spec.tls.provider !== 'letsencrypt' && spec.tls.provider !== 'acme') ||
  (path[0] === 'proxy' && path[1] === 'http3' && spec.tls.provider === 'none');

const releaseCannot = ({ document }: RuleContext, { path, value, schema }: Limited, hosts: readonly HostDocument[]) => {
  const key = path.join('.');
  const able = schema['x-releases'] ?? [];
  const names = hosts.map(({ host }) => `${host.name} (${host.os})`).join(', ');
  const instead = schema.default ?? schema['x-allowed']?.[0];
  return error(
    document,
    path,
    'target.release',
    `${key}: ${String(value)} needs ${schema['x-floor'] ?? 'another release'}, which ${names} ${hosts.length === 1 ? 'lacks' : 'lack'}`,
    `${instead === undefined ? `delete ${key}` : `set ${key}: ${String(instead)}`}, or use hosts with ${able.join(' or ')}`,
  );
};

const releasesCanDoIt: Rule = (context) =>
  limitedIn(context.schema, context.schema, context.spec, [])
    .filter((limited) => !isForAll(limited) && !isIdle(limited, context))
    .flatMap((limited) => {
      const [section, key] = limited.path;
      const concerns = reached[`${section}/${key}`] ?? reached[String(section)] ?? (() => true);
      const unable = context.hosts.filter(
        ({ host }) => concerns(host, context) && !limited.schema['x-releases']?.includes(host.os),
      );
      return unable.length > 0 ? [releaseCannot(context, limited, unable)] : [];
    });

/** Rules about what the releases of the hosts can do. */
export const targetRules: readonly Rule[] = [releasesCanDoIt];
