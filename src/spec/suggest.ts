import { distance } from 'fastest-levenshtein';

/** The candidate that `word` most likely stands for, or undefined when none is near enough to be worth saying. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const normal = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const ranked = candidates
    .map((candidate) => ({ candidate, far: distance(normal(word), normal(candidate)) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best && best.far <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}
