/** Makes a failing project small: what can be left out without the failure going away is left out. */
import type { KeyPath } from '../../src/spec/document.ts';
import { pathsIn, valueAt, without, withValue } from './edit.ts';
import type { Generated, Plain } from './spec.ts';

/** Tells which of some projects still fail; asked for many at once, because asking a real host is slow. */
export type StillFails = (candidates: readonly Generated[]) => Promise<readonly boolean[]>;

/** How many projects are tried at once. */
const atOnce = 40;

/** The smallest project found that still fails. It is not valid by chance only: `stillFails` must refuse what is invalid. */
export async function reduced(failing: Generated, stillFails: StillFails, mostRounds = 60): Promise<Generated> {
  let smallest = failing;
  let from = 0;
  for (let round = 0; round < mostRounds; round++) {
    const changes = changesOf(smallest).slice(from, from + atOnce);
    if (changes.length === 0) break;
    const found = await all(smallest, changes, stillFails);
    if (found === undefined) from += atOnce;
    else {
      smallest = found;
      from = 0;
    }
  }
  return smallest;
}

type Change = (project: Generated) => Generated;

/** All changes together that a failure survives one by one; the first of them when it does not survive all. */
async function all(project: Generated, changes: readonly Change[], stillFails: StillFails) {
  const results = await stillFails(changes.map((change) => change(project)));
  const harmless = changes.filter((_change, index) => results[index]);
  if (harmless.length < 2) return harmless[0]?.(project);
  // From the last to the first, so that the indexes of list items stay what they were.
  const together = harmless.toReversed().reduce((before, change) => change(before), project);
  const [fails] = await stillFails([together]);
  return fails ? together : harmless[0]?.(project);
}

/** Leaving out each value, large ones first, then halving each text. */
function changesOf(project: Generated): Change[] {
  const paths = pathsIn(project);
  const size = (path: KeyPath) => JSON.stringify(valueAt(project, path))?.length ?? 0;
  const bySize = paths
    .filter(([top, ...rest]) => rest.length > 0 && top !== undefined)
    .sort((a, b) => size(b) - size(a));
  const removals = bySize.map(
    (path): Change =>
      (before) =>
        without(before, path) as Generated,
  );
  return [...removals, ...bySize.flatMap((path) => halves(path, valueAt(project, path)))];
}

function halves(path: KeyPath, value: unknown): Change[] {
  if (typeof value !== 'string' || value.length < 2) return [];
  const middle = Math.ceil(value.length / 2);
  const parts = [value.slice(0, middle), value.slice(middle)];
  return parts.map(
    (part): Change =>
      (before) =>
        withValue(before, path, part) as Generated,
  );
}

/** How much a project says, for messages. */
export const sizeOf = (content: Plain | Generated): number => pathsIn(content).length;
