import type { HostRecord } from '../../plan/record.ts';
import type { Resource, SecretFileResource, SecretResource } from '../../resources/resource.ts';
import { secretsIn } from '../../resources/secret-file.ts';
import type { HostManifest } from '../manifest.ts';

/** What is known about the value of a secret: its digest under the host's key, or why it could not be fetched. */
export type Pin = { readonly digest: string } | { readonly unchecked: string };

/**
 * Tells the secrets of a manifest, and the files that they stand in, what their values should be, by keyed digest. A secret
 * whose value could not be fetched is taken for what was last applied, so that it is no change; one that the host makes has no
 * digest at all.
 *
 * @param pins by the secret's name; empty for a host that has no key yet.
 */
export function pinSecrets(manifest: HostManifest, pins: ReadonlyMap<string, Pin>, record: HostRecord): HostManifest {
  const pinned = manifest.resources.map((resource) =>
    resource.kind === 'secret' ? pinSecret(resource, pins.get(resource.secret), record) : resource,
  );
  const byName = new Map(pinned.flatMap((one) => (one.kind === 'secret' ? [[one.secret, one] as const] : [])));
  const resources = pinned.map((one): Resource => (one.kind === 'secret-file' ? pinFile(one, byName) : one));
  return { ...manifest, resources };
}

function pinSecret(resource: SecretResource, pin: Pin | undefined, record: HostRecord): SecretResource {
  if (resource.bytes !== undefined || pin === undefined) return resource;
  if ('digest' in pin) return { ...resource, digest: pin.digest };
  const applied = record.resources.get(resource.id)?.attributes.value;
  return { ...resource, unchecked: pin.unchecked, ...(applied === undefined ? {} : { digest: applied }) };
}

function pinFile(resource: SecretFileResource, secrets: ReadonlyMap<string, SecretResource>): SecretFileResource {
  const { plain, hashed } = secretsIn(resource.content);
  const brought = [...new Set([...plain, ...hashed])].sort().filter((name) => secrets.get(name)?.bytes === undefined);
  const digests = brought.map((name) => secrets.get(name)?.digest && `${name}=${secrets.get(name)?.digest}`);
  return digests.every((digest) => digest !== undefined) ? { ...resource, digests: digests.join(' ') } : resource;
}
