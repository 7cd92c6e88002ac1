import { digest } from '../plan/digest.ts';
import type { ReleaseResource, Resource, ResourceKind } from '../resources/resource.ts';
import type { HostManifest } from './manifest.ts';

/**
 * Gives the release of a manifest its identity: a hash over the source and everything else that it consists of, so that
 * equal inputs have equal ids and a rollback restores all of it.
 *
 * @param sourceDigest hash over the names and contents of the source files (apply/source).
 */
export function pinRelease(manifest: HostManifest, sourceDigest: string): HostManifest {
  const resources = manifest.resources.map((resource) =>
    resource.kind === 'release' ? { ...resource, ...identityOf(resource, manifest, sourceDigest) } : resource,
  );
  return { ...manifest, resources };
}

/** The bundle is what the build makes of the source; the release is that with everything around it. */
function identityOf(
  { build, migrations, runtime, instances, parts }: ReleaseResource,
  manifest: HostManifest,
  sourceDigest: string,
): Pick<ReleaseResource, 'bundle' | 'release'> {
  const bundle = digest({ sourceDigest, build: build ?? null }).slice(0, 16);
  const contents = manifest.resources.flatMap((part) =>
    'content' in part && parts.includes(part.id) ? [part.content] : [],
  );
  const release = digest({ bundle, migrations: migrations ?? null, runtime, instances, contents }).slice(0, 16);
  return { bundle, release };
}

/** What goes back with a release beside the program. */
export interface Stored {
  readonly format: 1;
  readonly resources: readonly Resource[];
}

/**
 * What goes back with a release: the release itself, and all files, links and units that deploy.yaml says under app and proxy. Packages,
 * accounts, secrets, certificates and the database stay as they are. Nothing for a host without a release.
 */
export function storedResources(manifest: HostManifest): Stored | undefined {
  if (!releaseOf(manifest)) return undefined;
  const resources = manifest.resources.filter(
    ({ kind, origin }) => kind === 'release' || (goBack.includes(kind) && /^(app|proxy)(\.|$)/.test(origin)),
  );
  return { format: 1, resources };
}

/** The same for going back to it: the database has been where it was, and is not led there again. */
export function withoutMigrations(resource: Resource): Resource {
  if (resource.kind !== 'release') return resource;
  const { migrations: _, ...rest } = resource;
  return rest;
}

const goBack: readonly ResourceKind[] = ['file', 'symlink', 'unit'];

/** The release of a manifest, if the host runs the program. */
export const releaseOf = (manifest: HostManifest): ReleaseResource | undefined =>
  manifest.resources.find((resource): resource is ReleaseResource => resource.kind === 'release');
