import { cacheHost, databaseIsLocal, hasRole, jobHost } from '../../compile/topology.ts';
import type { ResolvedHostFile } from '../types.ts';
import { type ProcessKeys, processesOf } from './processes.ts';
import { error, type Rule, type RuleContext, warning } from './rule.ts';

/** The hosts that a process runs on. */
function hostsOf({ kind }: ProcessKeys, { hosts }: RuleContext): ResolvedHostFile[] {
  const all = hosts.map(({ host }) => host);
  if (kind === 'web') return all.filter((host) => hasRole(host, 'app'));
  if (kind === 'worker') return all.filter((host) => hasRole(host, 'worker'));
  const host = jobHost(all);
  return host ? [host] : [];
}

/** Why a process cannot reach the data that every process is told about without a network; undefined when it can. */
function networkReason(process: ProcessKeys, context: RuleContext): string | undefined {
  const { database, cache } = context.spec;
  const hosts = hostsOf(process, context);
  // A pooler on its own host takes the network on itself.
  if (database && !database.pooler.enabled) {
    if (database.placement === 'external') return 'database.placement is external';
    const far = hosts.find((host) => !databaseIsLocal(host));
    if (database.placement === 'host' && far) return `host ${far.name} has no database of its own`;
  }
  const server = cacheHost(context.hosts.map(({ host }) => host));
  const far = cache?.placement === 'host' && server ? hosts.find((host) => host.name !== server.name) : undefined;
  return far && `host ${far.name} reaches the cache on host ${server?.name}`;
}

const dataIsInReach: Rule = (context) => {
  if (context.spec.app.runtime !== 'systemd') return [];
  return processesOf(context.spec).flatMap((process) => {
    const reason = process.network ? undefined : networkReason(process, context);
    if (reason === undefined) return [];
    const path = [...process.path, 'network'];
    const key = path.join('.');
    // A worker or a job may well do without the data; web instances answer /readyz by it.
    return process.kind === 'web'
      ? [error(context.document, path, 'app.network', `${key} must be true because ${reason}`, `set ${key}: true`)]
      : [
          warning(
            context.document,
            path,
            'app.process-network',
            `${process.path.join('.')} has no network, but ${reason}`,
            `set ${key}: true, unless it needs neither database nor cache`,
          ),
        ];
  });
};

/** Services outside need one process at least that can reach them; which one is for the program to say. */
const servicesAreInReach: Rule = ({ document, spec }) => {
  if (spec.app.runtime !== 'systemd' || processesOf(spec).some(({ network }) => network)) return [];
  return (['mail', 'storage'] as const)
    .filter((section) => spec[section] !== undefined)
    .map((section) =>
      error(
        document,
        [section],
        'app.network-none',
        `${section} is reached over the network, and no process may use that`,
        'set app.network: true, or network: true on the worker or job that uses it',
        'key',
      ),
    );
};

/** Rules about what processes can reach from where they run. */
export const reachRules: readonly Rule[] = [dataIsInReach, servicesAreInReach];
