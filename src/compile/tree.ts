import { type HostManifest, manifestJson } from './manifest.ts';

/**
 * The compiled tree of a host as it is committed: paths relative to hosts/<environment>/<host>/. `rootfs/…` holds each file
 * at the path that it has on the host; manifest.json tells everything else.
 */
export function compiledTree(manifest: HostManifest): Map<string, string> {
  const tree = new Map([['manifest.json', manifestJson(manifest)]]);
  for (const resource of manifest.resources) {
    if (resource.kind === 'file') tree.set(`rootfs${resource.path}`, resource.content);
  }
  return tree;
}
