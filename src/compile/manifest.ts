import { type Diagnostic, DiagnosticsError, type Position } from '../diagnostic.ts';
import { sha256 } from '../plan/digest.ts';
import { isText, kindOrder, type Resource } from '../resources/resource.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { ProjectFile } from './project-file.ts';

/**
 * Everything that one host should have, in the order in which it can be made. `positions` tells where in deploy.yaml
 * each key stands that a resource or a line names; it is for messages and is no part of the written manifest.
 */
export interface HostManifest {
  readonly project: string;
  readonly environment: string;
  readonly host: ResolvedHostFile;
  readonly resources: readonly Resource[];
  /** Files for people that lie beside the manifest, such as user data for a fresh VM; paths are relative to its folder. */
  readonly companions: readonly ProjectFile[];
  readonly positions: Readonly<Record<string, Position>>;
  /** Whether this is only a part of what the host has: what its units read besides stays as it is. */
  readonly partial?: true;
}

/**
 * Checks what every manifest must hold and orders its resources by their needs.
 *
 * @throws DiagnosticsError for two owners of one thing, a need that nothing meets, or a cycle, each with its whole path.
 */
export function ordered(resources: readonly Resource[]): Resource[] {
  const problems = [...twoOwners(resources), ...unmetNeeds(resources)];
  if (problems.length > 0) throw new DiagnosticsError(problems);
  const byKind = [...resources].sort((a, b) => kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind));
  const remaining = new Map(byKind.map((resource) => [resource.id, resource]));
  const order: Resource[] = [];
  while (remaining.size > 0) {
    const next = [...remaining.values()].find((resource) => resource.needs.every((need) => !remaining.has(need)));
    if (!next) throw new DiagnosticsError([cycleAmong(remaining)]);
    remaining.delete(next.id);
    order.push(next);
  }
  return order;
}

const fault = (code: string, message: string): Diagnostic => ({
  severity: 'error',
  code,
  message,
  fix: 'change the keys of deploy.yaml that are named here so that they no longer meet',
});

/** Paths are owned once, whatever kind owns them. */
const claimOf = (resource: Resource) => ('path' in resource ? `path:${resource.path}` : resource.id);

function twoOwners(resources: readonly Resource[]): Diagnostic[] {
  const owners = new Map<string, Resource>();
  return resources.flatMap((resource) => {
    const first = owners.get(claimOf(resource));
    owners.set(claimOf(resource), resource);
    return first
      ? [fault('compile.two-owners', `${claimOf(resource)} is claimed by ${first.origin} and by ${resource.origin}`)]
      : [];
  });
}

function unmetNeeds(resources: readonly Resource[]): Diagnostic[] {
  const known = new Set(resources.map((resource) => resource.id));
  return resources.flatMap(({ id, needs }) =>
    needs
      .filter((need) => !known.has(need))
      .map((need) => fault('compile.unmet-need', `${id} needs ${need}, which is not in the manifest`)),
  );
}

function cycleAmong(remaining: ReadonlyMap<string, Resource>): Diagnostic {
  const path: string[] = [];
  let at: string | undefined = remaining.keys().next().value;
  while (at !== undefined && !path.includes(at)) {
    path.push(at);
    at = remaining.get(at)?.needs.find((need) => remaining.has(need));
  }
  const cycle = [...path.slice(path.indexOf(at ?? '')), at ?? ''];
  return fault('compile.cycle', `resources need each other: ${cycle.join(' → ')}`);
}

/**
 * The manifest as it is committed: canonical JSON without line numbers (a comment in deploy.yaml must not change it) and with
 * file contents by hash, because the files themselves lie beside it.
 */
export function manifestJson(manifest: HostManifest): string {
  const { project, environment, host, resources } = manifest;
  const { name, os, architecture, roles } = host;
  const written = resources.map((resource) => {
    if (!isText(resource)) return resource;
    const { content, lines: _lines, ...rest } = resource;
    return { ...rest, sha256: sha256(content) };
  });
  const document = { format: 1, project, environment, host: { name, os, architecture, roles }, resources: written };
  return `${JSON.stringify(document, null, 2)}\n`;
}
