import stringWidth from 'string-width';

/** How many columns of a terminal a text takes: wide characters two, marks that combine and escape sequences none. */
export const columnsOf = (text: string): number => stringWidth(text);

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A text without escape sequences, cut to at most so many columns; what was cut is marked with an ellipsis. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of characters.segment(text)) {
    used += columnsOf(segment);
    if (used > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** A text with blanks behind it up to so many columns. */
export const padded = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
