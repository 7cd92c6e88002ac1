/** Generated projects by seed. */
import fc from 'fast-check';
import { loadAssets } from '../../src/project/assets.ts';
import { type Generated, projects } from './spec.ts';

export const assets = await loadAssets();

const arbitrary = projects(assets.contracts.deploy.schema, assets.contracts.host.schema);

/** The seed that the environment names, or one at random; whoever uses it prints it. */
export const chosenSeed = (named = process.env.FUZZ_SEED): number =>
  named === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(named);

/** Projects by seed: the same seed gives the same ones. */
export const generated = (seed: number, count: number): Generated[] => fc.sample(arbitrary, { seed, numRuns: count });
