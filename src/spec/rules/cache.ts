import { cacheClients, cacheHost } from '../../compile/topology.ts';
import { megabytes } from '../units.ts';
import { error, type Rule, type RuleContext } from './rule.ts';

/** The host with Redis, and one whose processes reach it over a network. */
function places({ spec, hosts }: RuleContext) {
  const all = hosts.map(({ host }) => host);
  return spec.cache?.placement === 'host' ? { server: cacheHost(all), client: cacheClients(all)[0] } : {};
}

const passwordForNetworks: Rule = (context) => {
  const { server, client } = places(context);
  if (!server || !client || context.spec.cache?.password) return [];
  return [
    error(
      context.document,
      ['cache'],
      'cache.password',
      `cache.password is required because host ${client.name} reaches the cache on host ${server.name} over a network`,
      'add to cache: "password: REDIS_PASSWORD", and REDIS_PASSWORD to secrets',
      'key',
    ),
  ];
};

const memoryIsThere: Rule = (context) => {
  const { server } = places(context);
  const { cache } = context.spec;
  if (!server || !cache || megabytes(cache.memory) < megabytes(server.memory)) return [];
  return [
    error(
      context.document,
      ['cache', 'memory'],
      'cache.memory',
      `cache.memory ${cache.memory} does not fit beside everything else in the ${server.memory} of host ${server.name}`,
      'lower it, or write how much memory the host has into its host.yaml',
    ),
  ];
};

/** Rules about the cache. */
export const cacheRules: readonly Rule[] = [passwordForNetworks, memoryIsThere];
