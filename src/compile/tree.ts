import { isText } from '../resources/resource.ts';
import { type HostManifest, manifestJson } from './manifest.ts';

/**
 * The compiled tree of a host as it is committed: paths relative to hosts/<environment>/<host>/. `rootfs/…` holds each file
 * at the path that it has on the host; manifest.json tells everything else, and the companions of the manifest lie beside it.
 */
export function compiledTree(manifest: HostManifest): Map<string, string> {
  const tree = new Map([['manifest.json', manifestJson(manifest)]]);
  for (const resource of manifest.resources) {
    if (isText(resource)) tree.set(`rootfs${resource.path}`, resource.content);
  }
  for (const { path, content } of manifest.companions) tree.set(path, content);
  return tree;
}
