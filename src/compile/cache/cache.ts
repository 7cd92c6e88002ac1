import type { FileResource, Resource, SecretFileResource } from '../../resources/resource.ts';
import type { ResolvedCache } from '../../spec/types.ts';
import { megabytes } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory, file, secretFile } from '../parts.ts';
import { render } from '../render.ts';
import { addressFor, cacheClients, cacheHost } from '../topology.ts';
import { from } from '../trace.ts';
import { cachePort, cacheSocket } from './places.ts';

/**
 * Redis in an instance of the project's own, on the one host that has it. The program comes from redis-tools, which holds it and,
 * other than redis-server, starts nothing of its own.
 */
export function compileCache(input: CompileInput): Resource[] {
  const { spec, host } = input;
  const { name, cache } = spec;
  if (cache?.placement !== 'host' || cacheHost(spec.hosts)?.name !== host.name) return [];
  const settings = settingsFile(input, cache);
  const service = serviceFile(input, cache);
  const unit = `${name}-redis.service`;
  return [
    aptPackage('redis-tools', 'cache.engine'),
    directory(`/etc/fairlead/${name}`, 'cache'),
    { kind: 'group', id: `group:${name}`, name, origin: 'cache', needs: [] },
    settings,
    service,
    {
      kind: 'unit',
      id: `unit:${unit}`,
      name: unit,
      origin: 'cache.engine',
      needs: ['package:redis-tools', `group:${name}`, settings.id, service.id],
      inputs: [
        { id: settings.id, effect: 'restart' },
        { id: service.id, effect: 'restart' },
      ],
    },
  ];
}

/** Whether processes on other hosts use it, so that it must listen on a network. */
const isShared = ({ spec }: CompileInput) => cacheClients(spec.hosts).length > 0;

function settingsFile(input: CompileInput, cache: ResolvedCache): FileResource | SecretFileResource {
  const { spec, host, target, templates } = input;
  const { name } = spec;
  const rendered = render(templates, 'redis/redis.conf', 'redis', {
    name: from('name', name),
    private: from('cache.placement', !isShared(input)),
    shared: from('cache.placement', isShared(input)),
    address: from('cache.placement', addressFor(host)),
    port: from('cache.placement', cachePort),
    socket: from('name', cacheSocket(name)),
    folder: from('name', `/var/lib/${name}-redis`),
    memory: from('cache.memory', `${megabytes(cache.memory)}mb`),
    policy: from('cache.policy', cache.policy),
    forgets: from('cache.persistence', cache.persistence !== 'log' && cache.persistence !== 'snapshot'),
    snapshots: from('cache.persistence', cache.persistence === 'snapshot'),
    logs: from('cache.persistence', cache.persistence === 'log'),
    closed: from('cache', target.redis.protectedCommands),
    // Before 6.2 there is no rule about channels.
    channels: from('cache', target.redis.protectedCommands ? '&*' : '+@pubsub', 'foreign'),
    open: from('cache.password', cache.password === undefined),
    byPassword: from('cache.password', cache.password !== undefined),
    password: from('cache.password', cache.password ?? 'NONE', 'secret'),
    patches: spec.patches.redis.map((line, index) => from(`patches.redis.${index}`, line, 'foreign')),
  });
  const path = `/etc/fairlead/${name}/redis.conf`;
  const own = { mode: '600', needs: [`directory:/etc/fairlead/${name}`] };
  return cache.password
    ? secretFile(name, path, rendered, 'cache', [cache.password], own)
    : file(path, rendered, 'cache', own);
}

function serviceFile(input: CompileInput, cache: ResolvedCache): FileResource {
  const { spec, templates } = input;
  const { name } = spec;
  const rendered = render(templates, 'redis/redis.service', 'systemd', {
    name: from('name', name),
    settings: from('name', `/etc/fairlead/${name}/redis.conf`),
    // A copy in a child shares pages until they change; in the worst case all of them do.
    ceiling: from('cache.memory', `${megabytes(cache.memory) * 2 + 64}M`),
    isolated: from('cache.placement', !isShared(input)),
    networked: from('cache.placement', isShared(input)),
  });
  return file(`/etc/systemd/system/${name}-redis.service`, rendered, 'cache');
}
