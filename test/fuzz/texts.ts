/** Hostile texts: what breaks files that are put together without care. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';

/**
 * `structure`: what means something in a compiled file or to the program that reads it. `letters`: many scripts, marks that
 * combine, order of writing that turns, characters that editors do not show. `lookalikes`: what a reader of YAML, JSON or INI
 * takes for something else.
 */
const { structure, letters, lookalikes } = JSON.parse(
  readFileSync(new URL('texts.json', import.meta.url), 'utf8'),
) as Record<'structure' | 'letters' | 'lookalikes', string[]>;

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...structure) },
  { weight: 2, arbitrary: fc.constantFrom(...letters) },
  { weight: 3, arbitrary: fc.stringMatching(/^[A-Za-z0-9]{1,8}$/) },
  { weight: 1, arbitrary: fc.constant(' ') },
);

/** Breaks of lines and tabs, for keys that may hold them. */
const breaks = fc.constantFrom('\n', '\t', '\n\n', ' \n ');

const joined = (one: fc.Arbitrary<string>, most = 6) =>
  fc.array(one, { minLength: 1, maxLength: most }).map((parts) => parts.join(''));

const long = fc.tuple(fc.integer({ min: 500, max: 1800 }), piece).map(([length, one]) => `${'x'.repeat(length)}${one}`);

/** One line of hostile text: at least one character, no control character, at most 2,000 characters. */
export const hostileLine: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: joined(piece) },
  { weight: 3, arbitrary: fc.constantFrom(...lookalikes) },
  { weight: 1, arbitrary: joined(piece).map((text) => ` ${text} `) },
  { weight: 1, arbitrary: long },
);

/** Hostile text of any number of lines, also none. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: hostileLine },
  { weight: 2, arbitrary: joined(fc.oneof(piece, breaks)) },
  { weight: 1, arbitrary: fc.constant('') },
);

/** A command that needs no shell: node, a file, and hostile words in quotes. */
export const hostCommand: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('server.js', 'dist/main.mjs', '--enable-source-maps dist/server.js'),
    fc.array(
      hostileLine.map((word) => `'${word.replaceAll("'", '')}'`),
      { maxLength: 2 },
    ),
  )
  .map(([program, words]) => ['node', program, ...words].join(' '));
