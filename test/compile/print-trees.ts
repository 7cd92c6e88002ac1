/** Prints the compiled tree of the repository's deploy.yaml and a few variations of it, for a comparison of processes. */
import { manifestJson } from '../../src/compile/manifest.ts';
import { compiledTree } from '../../src/compile/tree.ts';
import { edits, manifest } from '../plan/manifests.ts';

export const trees = (): string =>
  [{}, ...Object.values(edits)]
    .map((variation) => manifest(variation))
    .map((one) => JSON.stringify([manifestJson(one), [...compiledTree(one)], one.positions]))
    .join('\n');

if (process.argv.includes('print')) process.stdout.write(trees());
