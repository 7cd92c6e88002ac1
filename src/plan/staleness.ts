import type { Change, Plan } from './change.ts';
import { canonicalJson } from './digest.ts';

/** A plan and what its host's part of deploy.yaml compiled to, by hash. */
export interface Dated {
  readonly plan: Plan;
  readonly manifest: string;
}

/** At most this many resources are named; the next plan shows all. */
const NAMED = 3;

/** Why a plan does not hold any more, in sentences; for two plans whose hashes differ. */
export function whatDiffers(saved: Dated, now: Dated): string[] {
  const [before, after] = [saved.plan, now.plan];
  const sentences = [
    before.serial === after.serial
      ? ''
      : `another apply came in between (the record was at ${before.serial} and is at ${after.serial})`,
    before.unfinished === after.unfinished ? '' : unfinishedSentence(after),
    saved.manifest === now.manifest
      ? ''
      : `deploy.yaml or the source compiles to something else: ${wanted(before, after)}`,
    saved.manifest === now.manifest ? seen(before, after) : '',
  ].filter(Boolean);
  return sentences.length > 0 ? sentences : ['it would do something else now'];
}

const unfinishedSentence = ({ unfinished }: Plan) =>
  unfinished ? `apply ${unfinished} has begun and not ended` : 'an apply that had not ended has ended since';

const summed = (names: readonly string[]): string => {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

/** Changes that are not the same in both plans. */
function differing(before: Plan, after: Plan, view: (change: Change) => unknown): string[] {
  const table = ({ changes }: Plan) => new Map(changes.map((one) => [one.id, canonicalJson(view(one))]));
  const [was, is] = [table(before), table(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((id) => was.get(id) !== is.get(id))
    .map((id) => id.replace(':', ' '));
}

/** What is wanted of a resource; that differs even where the hosts are as they were. */
const afterwards = ({ attributes, text }: Change) => [attributes.map(({ name, after }) => [name, after]), text?.after];

function wanted(before: Plan, after: Plan): string {
  const names = differing(before, after, afterwards);
  return names.length > 0 ? summed(names) : 'a resource that needs no change';
}

function seen(before: Plan, after: Plan): string {
  const names = differing(before, after, ({ causes: _causes, token: _token, ...rest }) => rest);
  return names.length > 0 ? `the host has changed: ${summed(names)}` : '';
}
