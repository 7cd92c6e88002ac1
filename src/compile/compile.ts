import type { Position } from '../diagnostic.ts';
import type { Resource } from '../resources/resource.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { compileApp } from './app.ts';
import { compileDatabase } from './database.ts';
import { type HostManifest, ordered } from './manifest.ts';
import { compileProxy } from './proxy.ts';
import type { Templates } from './render.ts';

/** What a section's compiler gets: the whole spec and the one host that it compiles for. */
export interface CompileInput {
  readonly spec: ResolvedSpec;
  readonly host: ResolvedHostFile;
  readonly templates: Templates;
}

/**
 * Compiles a spec for one host. Pure and deterministic to the byte: same input, same manifest.
 *
 * @throws DiagnosticsError when two keys claim one thing or needs form a cycle.
 */
export function compile(input: CompileInput): HostManifest {
  const { spec, host } = input;
  const roles: readonly string[] = host.roles;
  const resources: Resource[] = [];
  if (spec.database && roles.includes('database')) resources.push(...compileDatabase(input));
  if (roles.includes('app')) resources.push(...compileApp(input));
  if (spec.proxy && roles.includes('proxy')) resources.push(...compileProxy(input));
  return {
    project: spec.name,
    environment: spec.environment,
    host,
    resources: ordered(resources),
    positions: positionsOf(resources, spec),
  };
}

/** Where the keys stand that resources and lines name. */
function positionsOf(resources: readonly Resource[], spec: ResolvedSpec): Record<string, Position> {
  const keys = new Set(['app.instances']);
  for (const resource of resources) {
    keys.add(resource.origin);
    if (resource.kind === 'file') for (const key of resource.lines.flat()) keys.add(key);
  }
  return Object.fromEntries([...keys].sort().map((key) => [key, spec.document.locate(key.split('.'), 'key')]));
}
