import type { Kind } from './kind.ts';
import { normalMode, wholeMode } from './mode.ts';
import { lookUp, mapRead } from './observed.ts';
import type { DirectoryResource } from './resource.ts';
import { step } from './step.ts';

/** A directory with its owner and mode; what lies in it is not its business. */
export const directoryKind: Kind<DirectoryResource> = {
  claims: true,
  probe: (path) => ({ paths: [path] }),
  read: (path, observed) =>
    mapRead(lookUp(observed.paths, path), ({ type, mode, owner, group }) => ({
      type,
      mode: normalMode(mode),
      owner,
      group,
    })),
  desired: ({ mode, owner, group }) => ({ type: 'directory', mode: normalMode(mode), owner, group }),
  steps: ({ path, mode, owner, group }, reading) => [
    step(
      'directory',
      [path, wholeMode(mode), owner, group],
      `${reading.state === 'present' ? 'change' : 'create'} directory ${path}`,
      {
        reversible: true,
      },
    ),
  ],
  remove: (path) => ({
    steps: [step('directory_remove', [path], `remove directory ${path} if it is empty`, { reversible: true })],
  }),
};
