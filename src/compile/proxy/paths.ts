import type { ResolvedProxy } from '../../spec/types.ts';

/**
 * The paths that locations of one server are made for, beside the program's own: those of static folders, of routes, and of
 * the redirects with the given places in `proxy.redirects`.
 */
export const claimedPaths = (proxy: ResolvedProxy, redirects: readonly number[]): string[] => [
  ...redirects.flatMap((index) => proxy.redirects[index]?.from ?? []),
  ...proxy.static.map(({ path }) => path).filter((path) => path !== '/'),
  ...proxy.routes.map(({ path }) => path),
];
