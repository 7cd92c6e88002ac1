import { sha256 } from '../plan/digest.ts';
import type { Kind } from './kind.ts';
import { normalMode } from './mode.ts';
import { lookUp, mapRead } from './observed.ts';
import type { FileResource } from './resource.ts';
import { step } from './step.ts';

/** Name of the upload that carries a file's content. */
export const uploadOf = (content: string) => `sha256-${sha256(content)}`;

/** A regular file: content, owner and mode. It is replaced by a rename, so readers see the old one or the new one. */
export const fileKind: Kind<FileResource> = {
  claims: true,
  unclaimed: (path, observed) => {
    const read = lookUp(observed.paths, path);
    return read.state === 'present' && read.value.pristine === true;
  },
  probe: (path) => ({ paths: [path] }),
  read: (path, observed) =>
    mapRead(lookUp(observed.paths, path), ({ type, mode, owner, group, sha256: content }) => ({
      type,
      content: content ?? '',
      mode: normalMode(mode),
      owner,
      group,
    })),
  desired: ({ content, mode, owner, group }) => ({
    type: 'file',
    content: sha256(content),
    mode: normalMode(mode),
    owner,
    group,
  }),
  steps: ({ path, content, mode, owner, group }) => [
    step('file', [path, normalMode(mode), owner, group, uploadOf(content)], `write ${path}`, {
      reversible: true,
      uploads: [uploadOf(content)],
    }),
  ],
  remove: (path) => ({ steps: [step('path_remove', [path], `remove ${path}`, { reversible: true })] }),
};
