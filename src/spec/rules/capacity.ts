import { cacheHost, databaseClients, hasRemoteProxy, hasRole, jobHost } from '../../compile/topology.ts';
import { gatePort, slotPort, slots } from '../../resources/layout.ts';
import { megabytes } from '../units.ts';
import { error, type HostDocument, type Rule, type RuleContext, warning } from './rule.ts';

const allHosts = ({ hosts }: RuleContext) => hosts.map(({ host }) => host);

const instancesFitCores: Rule = ({ document, spec, hosts }) =>
  hosts
    .filter(({ host }) => hasRole(host, 'app') && spec.app.instances > host.cpus)
    .map(({ host }) =>
      warning(
        document,
        ['app', 'instances'],
        'app.instances',
        `app.instances ${spec.app.instances} is more than the ${host.cpus} cores of host ${host.name}, so that instances wait for each other`,
        `set it to ${host.cpus}, or write how many cores the host has: "cpus: ${spec.app.instances}" in its host.yaml`,
      ),
    );

/** MiB that everything of the project on a host may hold at once; of jobs the largest, since they seldom meet. */
function ceilingsOn({ host }: HostDocument, context: RuleContext): number {
  const { app, cache } = context.spec;
  const hosts = allHosts(context);
  const web = hasRole(host, 'app') ? app.instances * megabytes(app.memory) : 0;
  const workers = Object.values(app.workers).reduce(
    (sum, { instances, memory }) => sum + instances * megabytes(memory),
    0,
  );
  const jobs = Object.values(app.jobs).map(({ memory }) => megabytes(memory));
  return (
    web +
    (hasRole(host, 'worker') ? workers : 0) +
    (jobHost(hosts)?.name === host.name ? Math.max(0, ...jobs) : 0) +
    (cache && cacheHost(hosts)?.name === host.name ? megabytes(cache.memory) : 0)
  );
}

const memoryFits: Rule = (context) =>
  context.hosts.flatMap((one) => {
    const ceilings = ceilingsOn(one, context);
    const { name, memory } = one.host;
    if (ceilings <= megabytes(memory)) return [];
    return [
      warning(
        context.document,
        ['app', 'memory'],
        'app.memory',
        `the processes on host ${name} may hold ${ceilings}M together, and it has ${memory}`,
        'lower the ceilings or their number, or write how much the host has: memory in its host.yaml',
      ),
    ];
  });

interface PortUse {
  readonly port: number;
  readonly by: string;
}

/** The TCP ports that the program itself takes on a host. */
function portsOfProgram({ host }: HostDocument, context: RuleContext): PortUse[] {
  const { app } = context.spec;
  if (app.runtime !== 'systemd' || !hasRole(host, 'app')) return [];
  const instances = Array.from({ length: app.instances }, (_, index) => index + 1);
  const gates = hasRemoteProxy(context.spec, allHosts(context), host)
    ? instances.map((instance) => ({ port: gatePort(app.port, instance), by: `instance ${instance}` }))
    : [];
  const inSlots = slots.flatMap((slot) =>
    instances.map((instance) => ({
      port: slotPort(app.port, slot, instance),
      by: `instance ${instance} in the slot ${slot}`,
    })),
  );
  return app.listen === 'port' ? [...gates, ...inSlots] : gates;
}

/** The TCP ports of everything else of the project on a host. */
function portsBesideProgram({ host }: HostDocument, context: RuleContext): PortUse[] {
  const { proxy, tls, database, cache } = context.spec;
  const hosts = allHosts(context);
  const proxies = proxy && hasRole(host, 'proxy');
  const remoteCache = cache?.placement === 'host' && cacheHost(hosts)?.name === host.name && hosts.length > 1;
  const served = database?.placement === 'host' && hasRole(host, 'database');
  return [
    { port: host.port, by: 'the SSH server' },
    ...(proxies ? [{ port: proxy.port, by: 'proxy.port' }] : []),
    ...(proxies && tls.provider !== 'none' ? [{ port: proxy.httpsPort, by: 'proxy.httpsPort' }] : []),
    ...(served && (database.allow.length > 0 || databaseClients(hosts, host).length > 0)
      ? [{ port: 5432, by: 'PostgreSQL' }]
      : []),
    ...(remoteCache ? [{ port: 6379, by: 'Redis' }] : []),
  ];
}

const portsAreFree: Rule = (context) =>
  context.hosts.flatMap((one) => {
    const others = portsBesideProgram(one, context);
    const clash = portsOfProgram(one, context)
      .map((own) => ({ own, other: others.find(({ port }) => port === own.port) }))
      .find(({ other }) => other !== undefined);
    if (!clash?.other) return [];
    return [
      error(
        context.document,
        ['app', 'port'],
        'app.port',
        `on host ${one.host.name}, port ${clash.own.port} would be that of ${clash.own.by} and of ${clash.other.by}`,
        'set app.port so that neither it nor the ports 100 and 200 above it meet another service, such as 3000',
      ),
    ];
  });

const portsExist: Rule = (context) => {
  const { spec, document } = context;
  const highest = context.hosts.flatMap((one) => portsOfProgram(one, context)).find(({ port }) => port > 65_535);
  if (!highest) return [];
  const problem = `app.port ${spec.app.port} puts ${highest.by} at port ${highest.port}, and there are 65535`;
  return [error(document, ['app', 'port'], 'app.port-range', problem, 'set it lower, such as 3000')];
};

/** Rules about what a host must have room for. */
export const capacityRules: readonly Rule[] = [instancesFitCores, memoryFits, portsAreFree, portsExist];
