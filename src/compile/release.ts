import { digest } from '../plan/digest.ts';
import type { ReleaseResource } from '../resources/resource.ts';
import type { HostManifest } from './manifest.ts';

/**
 * Gives the release of a manifest its identity: a hash over the source and everything else that it consists of, so that
 * equal inputs have equal ids and a rollback restores all of it.
 *
 * @param sourceDigest hash over the names and contents of the source files (apply/source).
 */
export function pinRelease(manifest: HostManifest, sourceDigest: string): HostManifest {
  const resources = manifest.resources.map((resource) =>
    resource.kind === 'release' ? { ...resource, release: releaseId(resource, manifest, sourceDigest) } : resource,
  );
  return { ...manifest, resources };
}

function releaseId(release: ReleaseResource, manifest: HostManifest, sourceDigest: string): string {
  const { build, migrations, runtime, instances } = release;
  const parts = manifest.resources
    .filter(({ id }) => release.parts.includes(id))
    .map((part) => ('content' in part ? part.content : ''));
  return digest({
    sourceDigest,
    build: build ?? null,
    migrations: migrations ?? null,
    runtime,
    instances,
    parts,
  }).slice(0, 16);
}

/** The release of a manifest, if the host runs the program. */
export const releaseOf = (manifest: HostManifest): ReleaseResource | undefined =>
  manifest.resources.find((resource): resource is ReleaseResource => resource.kind === 'release');
