import type { Position } from '../diagnostic.ts';
import { isText, type Resource } from '../resources/resource.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { compileApp } from './app/app.ts';
import { compileBackups } from './backups/backups.ts';
import { compileCache } from './cache/cache.ts';
import { compileContainers } from './containers/containers.ts';
import { compileDatabase } from './database/database.ts';
import { compileDumps } from './dumps/dumps.ts';
import { cloudInit } from './host/cloud-init.ts';
import { compileHost } from './host/host.ts';
import { type HostManifest, ordered } from './manifest.ts';
import { merged } from './merge.ts';
import { compileObservability } from './observability/observability.ts';
import { protectedBy } from './protect.ts';
import { compileProxy } from './proxy/proxy.ts';
import { compileRecovery } from './recovery/recovery.ts';
import type { Templates } from './render.ts';
import { compileSecrets } from './secrets/secrets.ts';
import { type Target, targetOf } from './targets.ts';
import { compileTls } from './tls/tls.ts';

/** What a section's compiler gets: the whole spec and the one host that it compiles for. */
export interface CompileInput {
  readonly spec: ResolvedSpec;
  readonly host: ResolvedHostFile;
  /** What the programs of the host's release can do. */
  readonly target: Target;
  readonly templates: Templates;
}

/** A section of the file: what it adds to a host. One that has nothing to say there adds nothing. */
export type Section = (input: CompileInput) => readonly Resource[];

const sections: readonly Section[] = [
  compileRecovery,
  compileHost,
  compileSecrets,
  compileDatabase,
  compileBackups,
  compileDumps,
  compileCache,
  compileApp,
  compileContainers,
  compileTls,
  compileProxy,
  compileObservability,
];

/**
 * Compiles a spec for one host. Pure and deterministic to the byte: same input, same manifest.
 *
 * @throws DiagnosticsError when two keys claim one thing or needs form a cycle.
 */
export function compile({ spec, host, templates }: Omit<CompileInput, 'target'>): HostManifest {
  const input = { spec, host, templates, target: targetOf(host.os) };
  let positions: HostManifest['positions'] | undefined;
  const resources = protectedBy(spec.protect, merged(sections.flatMap((section) => section(input))));
  return {
    project: spec.name,
    environment: spec.environment,
    host,
    resources: ordered(resources),
    companions: cloudInit(input),
    // Only messages need them, and not of every host.
    get positions() {
      positions ??= positionsOf(resources, spec);
      return positions;
    },
  };
}

/** Where the keys stand that resources and lines name. */
function positionsOf(resources: readonly Resource[], spec: ResolvedSpec): Record<string, Position> {
  const keys = new Set(['app.instances']);
  for (const resource of resources) {
    keys.add(resource.origin);
    if (isText(resource)) for (const key of resource.lines.flat()) keys.add(key);
  }
  return Object.fromEntries([...keys].sort().map((key) => [key, spec.document.locate(key.split('.'), 'key')]));
}
