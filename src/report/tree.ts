import type { Colors } from './colors.ts';
import { plural } from './diagnostics.ts';

/** A file of the compiled tree that was written or removed, or would be. */
interface TreeLine {
  readonly action: 'written' | 'removed';
  readonly path: string;
}

/** What compiling did to the committed files, a line a file and a sentence. */
export function treeText(changes: readonly TreeLine[], hosts: number, colors: Colors): string {
  const of = `the compiled ${hosts === 1 ? 'tree' : 'trees'} of ${plural(hosts, 'host')}`;
  if (changes.length === 0) return `${of} ${hosts === 1 ? 'is' : 'are'} ${colors.green('up to date')}\n`;
  return `${linesText(changes, colors)}${plural(changes.length, 'file')} changed in ${of}; review them with git diff\n`;
}

/** That the tree is not what deploy.yaml compiles to, and what to type. */
export const staleTreeText = (changes: readonly TreeLine[], colors: Colors): string =>
  `${linesText(changes, colors)}${colors.red('error')}: ${plural(changes.length, 'file')} ${changes.length === 1 ? 'is' : 'are'} not what deploy.yaml compiles to\n  ${colors.green('fix:')} npm run compile, then commit what it wrote\n`;

const linesText = (changes: readonly TreeLine[], colors: Colors) =>
  changes.map(({ action, path }) => `${action === 'written' ? colors.green('+') : colors.red('-')} ${path}\n`).join('');
