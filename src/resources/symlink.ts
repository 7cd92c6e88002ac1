import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { SymlinkResource } from './resource.ts';
import { step } from './step.ts';

/** A symbolic link, replaced by a rename. */
export const symlinkKind: Kind<SymlinkResource> = {
  claims: true,
  probe: (path) => ({ paths: [path] }),
  read: (path, observed) =>
    mapRead(lookUp(observed.paths, path), ({ type, target }) =>
      type === 'symlink' ? { type, target: target ?? '' } : { type, target: '' },
    ),
  desired: ({ target }) => ({ type: 'symlink', target }),
  steps: ({ path, target }) => [step('symlink', [path, target], `link ${path} to ${target}`, { reversible: true })],
  remove: (path) => ({ steps: [step('path_remove', [path], `remove link ${path}`, { reversible: true })] }),
};
