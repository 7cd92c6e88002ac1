/** Generated projects before a court: what it objects to, and the smallest project that it still objects to. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Release } from '../../src/compile/targets.ts';
import { type Court, merged, type Objection, type Verdict, verdictOfFiles } from '../lab/validators.ts';
import { type Outcome, outcomeOf } from './compiled.ts';
import { unknownOn } from './floors.ts';
import { writeProject } from './project.ts';
import { reduced } from './reduce.ts';
import type { Generated } from './spec.ts';

/** Judges what projects compiled to for the hosts of one release; an objection's tree is the number of its project. */
export async function judged(
  court: Court,
  release: Release,
  outcomes: readonly Outcome[],
  only?: string,
): Promise<Verdict> {
  const trees = outcomes.flatMap(({ manifests }, number) =>
    manifests.filter(({ host }) => host.os === release).map((manifest) => ({ number, manifest })),
  );
  const verdict = await court.judge(
    trees.map(({ manifest }) => manifest),
    only,
  );
  const objections = verdict.objections.map((one) => ({ ...one, tree: trees[one.tree]?.number ?? -1 }));
  const files = outcomes.map(({ files, spec }, number) => verdictOfFiles(files, spec?.name ?? '', number));
  return merged([{ ...verdict, objections: [...objections, ...floors(outcomes)] }, ...files]);
}

const floors = (outcomes: readonly Outcome[]): Objection[] =>
  outcomes.flatMap(({ manifests }, tree) =>
    manifests.flatMap(unknownOn).map((said) => ({ tree, judge: 'floors', path: '', said })),
  );

/** Two objections with one signature are most likely about one fault. */
export const signatureOf = ({ judge, said }: Pick<Objection, 'judge' | 'said'>): string =>
  `${judge}: ${said.replaceAll(/"[^"]*"|\/\S+|\S*\d\S*/g, '…').slice(0, 80)}`;

/** The smallest project found that the court still objects to in the same way. */
export function smallest(court: Court, release: Release, failing: Generated, objection: Objection): Promise<Generated> {
  const wanted = signatureOf(objection);
  return reduced(
    failing,
    async (candidates) => {
      const { objections } = await judged(court, release, candidates.map(outcomeOf), objection.judge);
      const same = new Set(objections.filter((one) => signatureOf(one) === wanted).map(({ tree }) => tree));
      return candidates.map((_candidate, number) => same.has(number));
    },
    8,
  );
}

/** Writes a project where it can be kept from, and says how. */
export function keep(project: Generated, seed: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-fuzz-'));
  writeProject(folder, outcomeOf(project).project);
  return `seed ${seed}; the smallest project is in ${folder}: keep it as test/cases/<a sentence for a name>`;
}
