/** Whether foreign lines are whole in their own language. What they mean is for the programs themselves to judge. */

/** The first line of a list that cannot be written, counted from 0, why, and what to do. */
export interface PatchProblem {
  readonly line: number;
  /** Goes on from "this line …". */
  readonly problem: string;
  readonly fix: string;
}

type Lines = readonly string[];

/** The finding about the first line that has one. */
function firstOf(lines: Lines, check: (line: string) => Omit<PatchProblem, 'line'> | undefined) {
  for (const [line, text] of lines.entries()) {
    const found = check(text);
    if (found) return { line, ...found };
  }
  return undefined;
}

/** What a reader of Nginx's configuration has met so far (ngx_conf_file.c, ngx_conf_read_token). */
interface NginxState {
  /** The quote that is open. */
  quote: string;
  /** Whether the last character belongs to a word. */
  inWord: boolean;
  /** Whether the word has just ended with a quote, after which only a blank or an end may follow. */
  afterQuote: boolean;
  /** Words of the directive that has not ended yet. */
  words: number;
  depth: number;
}

/**
 * Nginx: quotes and braces are closed within the list, and every directive ends with ; or a block. A list that is whole cannot end
 * the block that it stands in.
 */
export function nginxProblem(lines: Lines): PatchProblem | undefined {
  const state: NginxState = { quote: '', inWord: false, afterQuote: false, words: 0, depth: 0 };
  const opened: number[] = [];
  for (const [line, text] of lines.entries()) {
    const depth = state.depth;
    const problem = readNginxLine(`${text}\n`, state);
    if (problem) return { line, ...problem };
    for (let one = depth; one < state.depth; one += 1) opened.push(line);
    opened.length = state.depth;
    if (state.quote)
      return {
        line,
        problem: `opens the quote ${state.quote} and does not close it`,
        fix: 'close it on the same line',
      };
  }
  const open = opened.at(-1);
  if (open !== undefined) return { line: open, problem: 'opens a block that no line closes', fix: 'add a line "}"' };
  return state.words > 0
    ? { line: lines.length - 1, problem: 'does not end its directive', fix: 'put ; at its end' }
    : undefined;
}

function readNginxLine(text: string, state: NginxState): Omit<PatchProblem, 'line'> | undefined {
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (sign === '\\') {
      if (text[at + 1] === '\n') return { problem: 'ends with a backslash', fix: 'delete it' };
      at += 1;
      beginWord(state);
    } else if (state.quote) {
      if (sign === state.quote) Object.assign(state, { quote: '', inWord: false, afterQuote: true });
    } else if (sign === '#' && !state.inWord) {
      return undefined;
    } else if (sign === '$' && text[at + 1] === '{') {
      at += 1;
      beginWord(state);
    } else {
      const problem = readNginxSign(sign, state);
      if (problem) return problem;
    }
  }
  return undefined;
}

function beginWord(state: NginxState): void {
  if (!state.inWord && !state.quote) state.words += 1;
  if (!state.quote) state.inWord = true;
}

function readNginxSign(sign: string, state: NginxState): Omit<PatchProblem, 'line'> | undefined {
  const { afterQuote, inWord, words } = state;
  state.afterQuote = false;
  if (/\s/.test(sign)) {
    state.inWord = false;
  } else if (sign === ';' || sign === '{') {
    if (words === 0)
      return { problem: `has ${sign} without a directive before it`, fix: `delete it, or write the directive` };
    Object.assign(state, { inWord: false, words: 0, depth: state.depth + (sign === '{' ? 1 : 0) });
  } else if (afterQuote) {
    return {
      problem: 'goes on right after a closing quote',
      fix: 'put a blank between the two, or the whole word in quotes',
    };
  } else if (sign === '}' && !inWord) {
    if (words > 0) return { problem: 'closes a block in the middle of a directive', fix: 'put ; before }' };
    if (state.depth === 0) return { problem: 'closes a block that no line opens', fix: 'delete the }' };
    state.depth -= 1;
  } else if ((sign === '"' || sign === "'") && !inWord) {
    Object.assign(state, { quote: sign, words: words + 1 });
  } else {
    beginWord(state);
  }
  return undefined;
}

/** systemd.syntax(7): `Key=Value` lines of the section that they stand in; no section of their own, no line that goes on. */
export const systemdProblem = (lines: Lines) =>
  firstOf(lines, (line) => {
    if (/^\s*\[/.test(line)) {
      return { problem: 'begins another section', fix: 'leave out the line in brackets: the lines stand in [Service]' };
    }
    if (line.endsWith('\\'))
      return { problem: 'ends with a backslash, which would join the next line', fix: 'write it as one line' };
    return /^\s*[#;]/.test(line) || /^[A-Z][A-Za-z0-9]*=/.test(line)
      ? undefined
      : { problem: 'is no "Key=Value"', fix: 'write it as in systemd.exec(5), for example Nice=5' };
  });

/** postgresql.org/docs, "Setting parameters": `name = value`, the value a word or in single quotes. */
export const postgresProblem = (lines: Lines) =>
  firstOf(lines, (line) => {
    if (/^\s*#/.test(line)) return undefined;
    if (/^\s*include/i.test(line))
      return { problem: 'includes a file that nobody reviews here', fix: 'write the settings themselves' };
    return /^[A-Za-z_][\w.]*\s*=\s*([+-]?[\w.]+|'([^'\\]|''|\\.)*')\s*(#.*)?$/.test(line)
      ? undefined
      : { problem: 'is no "name = value"', fix: "put the value in single quotes, for example work_mem = '16MB'" };
  });

/** redis.conf: a directive and its arguments; an argument may stand in quotes, which then are closed. */
export const redisProblem = (lines: Lines) =>
  firstOf(lines, (line) => {
    if (/^#/.test(line)) return undefined;
    if (/^include\b/i.test(line))
      return { problem: 'includes a file that nobody reviews here', fix: 'write the directives themselves' };
    return /^[a-z][a-z0-9-]*( +("([^"\\]|\\.)*"|'([^'\\]|\\')*'|[^\s"'\\][^\s"']*))+ *$/i.test(line)
      ? undefined
      : { problem: 'is no directive with its arguments', fix: 'write it as in redis.conf, for example timeout 300' };
  });

/** sshd_config(5): `Keyword arguments`. Match would hold for every line below it. */
export const sshdProblem = (lines: Lines) =>
  firstOf(lines, (line) => {
    if (/^\s*#/.test(line)) return undefined;
    if (/^\s*(match|include)\b/i.test(line)) {
      return {
        problem: 'changes what other lines mean',
        fix: 'put it into a file of your own below /etc/ssh/sshd_config.d/ on the host',
      };
    }
    return /^[A-Za-z][A-Za-z0-9]*[ =]("[^"]*"|[^"\s]+)( +("[^"]*"|[^"\s]+))*$/.test(line)
      ? undefined
      : {
          problem: 'is no keyword with its arguments',
          fix: 'write it as in sshd_config(5), for example AllowUsers deploy',
        };
  });

/** What begins something other than a rule of a chain (nft(8)). */
const nftStatement =
  /^\s*(table|chain|set|map|flowtable|add|insert|delete|flush|reset|list|include|define|undefine|redefine|type|policy|hook)\b/;

/** nft(8): one rule a line, with quotes closed and braces only around sets, so that it cannot leave its chain. */
export const firewallProblem = (lines: Lines) =>
  firstOf(lines, (line) => {
    if (/^\s*#/.test(line)) return undefined;
    const plain = line.replaceAll(/"[^"\\]*"/g, 'x');
    if (/["\\]/.test(plain))
      return {
        problem: 'has a quote that is not closed, or a backslash',
        fix: 'close the quote, and use no backslash',
      };
    if (/[;#]/.test(plain)) return { problem: 'holds more than one rule', fix: 'write each rule as a line of its own' };
    if (nftStatement.test(plain))
      return { problem: 'is no rule of a chain', fix: 'write a rule, for example ip protocol gre accept' };
    const withoutSets = plain.replaceAll(/\{[^{}]*\}/g, 'x').replaceAll(/\{[^{}]*\}/g, 'x');
    return /[{}]/.test(withoutSets)
      ? { problem: 'has a brace without its twin', fix: 'close the set: { 80, 443 }' }
      : undefined;
  });
