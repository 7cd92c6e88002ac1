import { type LabHost, startHost } from './host.ts';
import type { ImageKind } from './images.ts';
import type { Release } from './releases.ts';

const shared = new Map<string, Promise<LabHost>>();

/**
 * The host of a release that all test files of this process share; the first call starts it. It ends with the process
 * or with `stopLab`. A test that leaves a host in a state of its own starts one with `startHost` instead.
 */
export function labHost(release: Release, image: ImageKind = 'plain'): Promise<LabHost> {
  const key = `${release} ${image}`;
  const host = shared.get(key) ?? startHost({ release, image });
  shared.set(key, host);
  return host;
}

/** Stops the shared hosts. */
export async function stopLab(): Promise<void> {
  const hosts = await Promise.allSettled(shared.values());
  shared.clear();
  await Promise.all(hosts.map((host) => host.status === 'fulfilled' && host.value.stop()));
}
