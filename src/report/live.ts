import { columnsOf } from './width.ts';

/** Where progress is written: a stream that may be a terminal. */
export interface Output {
  readonly isTTY?: boolean;
  /** The size of a terminal, as it is now. */
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** The size of a terminal that does not tell it. */
const usual = { columns: 80, rows: 24 };

export const columnsOfTerminal = ({ columns }: Output): number => columns || usual.columns;

export const rowsOfTerminal = ({ rows }: Output): number => rows || usual.rows;

/** Begins a control sequence (ECMA-48). */
const CSI = '\u001b[';

/**
 * Lines at the bottom of a terminal that are written over and over, below lines that stay. Each change is one write without an
 * empty moment, so nothing flickers. The cursor stays visible, on a line of its own below: what is typed meanwhile does not
 * shift the lines, and a process that is killed leaves a terminal that works.
 */
export class LiveArea {
  private drawn: readonly string[] = [];
  private width = 0;

  constructor(private readonly output: Output) {}

  /**
   * Writes lines that stay, and then the live lines in the place of those before.
   *
   * @param lines all of them narrower than the terminal, and fewer than it has rows.
   */
  show(staying: readonly string[], lines: readonly string[]): void {
    const width = columnsOfTerminal(this.output);
    const nothing = staying.length === 0 && lines.length === 0 && this.drawn.length === 0;
    if (nothing || (staying.length === 0 && width === this.width && same(lines, this.drawn))) return;
    const up = this.rowsDrawn(width);
    const back = up > 0 ? `\r${CSI}${up}A` : '';
    // Usually the rows are written over, one by one. Staying lines may break, and broken rows of another width may be joined
    // again by the terminal: then all goes first.
    const anew = staying.length > 0 || width !== this.width;
    if (anew) this.output.write(`${back}${up > 0 ? `${CSI}J` : ''}${joined([...staying, ...lines], '')}`);
    else this.output.write(`${back}${joined(lines, `${CSI}K`)}${CSI}J`);
    this.drawn = lines;
    this.width = width;
  }

  /** Removes the live lines. */
  clear(): void {
    this.show([], []);
  }

  /** The rows that the live lines take now: a terminal that became narrower has broken them. */
  private rowsDrawn(width: number): number {
    return this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / width)), 0);
  }
}

const joined = (lines: readonly string[], end: string) => lines.map((line) => `${line}${end}\n`).join('');

const same = (some: readonly string[], others: readonly string[]) =>
  some.length === others.length && some.every((line, index) => line === others[index]);
