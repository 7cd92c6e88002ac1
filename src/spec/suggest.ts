import { distance } from 'fastest-levenshtein';

const normal = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
const letters = (text: string) => [...text].sort().join('');

/** Edits between two words; letters that changed places count as one. */
const apart = (a: string, b: string) => (letters(a) === letters(b) ? Math.min(1, distance(a, b)) : distance(a, b));

/** The candidate that `word` most likely stands for, or undefined when none is near enough to be worth saying. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, far: apart(normal(word), normal(candidate)) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best && best.far <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}
