/** Reads Nginx's configuration language back, as ngx_conf_read_token does: words, quotes and blocks. */

export interface Directive {
  readonly words: readonly string[];
  /** Those inside its block; none for a simple directive. */
  readonly block: readonly Directive[];
}

/** The words and punctuation of a text, comments left out. Quoted words come without their quotes. */
function tokens(text: string): (string | { readonly word: string })[] {
  const pattern =
    /\s+|#[^\n]*|([;{}])|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|((?:\$\{|[^\s;{}"'\\])(?:\$\{|[^\s;{\\])*)/gy;
  const found: (string | { word: string })[] = [];
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw new Error(`unreadable at ${at}: ${text.slice(at, at + 60)}`);
    const [, punctuation, double, single, bare] = match;
    const quoted = double ?? single;
    if (punctuation) found.push(punctuation);
    else if (quoted !== undefined) found.push({ word: quoted.replaceAll(/\\(["'\\])/g, '$1') });
    else if (bare !== undefined) found.push({ word: bare });
  }
  return found;
}

/** The directives of a file. @throws Error for text that is none. */
export function directivesOf(text: string): Directive[] {
  const open: { words: string[]; block: Directive[] }[] = [{ words: [], block: [] }];
  let words: string[] = [];
  for (const token of tokens(text)) {
    if (typeof token !== 'string') words.push(token.word);
    else if (token === '{') open.push({ words, block: [] });
    const closed = token === '}' ? open.pop() : token === ';' ? { words, block: [] } : undefined;
    if (closed) open.at(-1)?.block.push(closed);
    if (typeof token === 'string') words = [];
  }
  if (open.length !== 1 || words.length > 0) throw new Error('a block or a directive does not end');
  return open[0]?.block ?? [];
}

/** Every directive at any depth, with the block that it stands in. */
export const allOf = (directives: readonly Directive[]): Directive[] =>
  directives.flatMap((one) => [one, ...allOf(one.block)]);
