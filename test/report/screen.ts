/**
 * A terminal in memory, as far as reports use one: text that breaks at the edge, carriage return, line feed, cursor up, erasing to
 * the end of a line and of the screen (ECMA-48), colours ignored. Rows that scroll out stay readable, and cannot be reached.
 */
import { columnsOf } from '../../src/report/width.ts';

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

export class Screen {
  readonly isTTY = true;
  /** A row has a cell a column; the second one of a wide character is empty. */
  private lines: string[][] = [[]];
  /** Whether the next row continues this one, by its index. */
  private broken = new Set<number>();
  private row = 0;
  private column = 0;

  constructor(
    public columns: number,
    public rows: number,
  ) {}

  write(text: string): void {
    for (const part of text.match(/\u001b\[[0-9;?]*[A-Za-z]|[^\u001b]+/g) ?? []) {
      if (part.startsWith('\u001b')) this.control(part);
      else for (const { segment } of characters.segment(part)) this.put(segment);
    }
  }

  /** All rows that hold anything, without blanks at their ends. */
  text(): string {
    return this.lines
      .map((line) => `${rowText(line)}\n`)
      .join('')
      .replace(/\n+$/, '\n');
  }

  /** The last rows above the cursor. */
  last(count: number): string[] {
    return this.lines.slice(0, this.row).slice(-count).map(rowText);
  }

  /** Breaks all lines anew, as most terminals do. */
  resize(columns: number): void {
    const whole: string[] = [];
    this.lines.forEach((line, index) => {
      const text = line.join('');
      if (this.broken.has(index - 1)) whole[whole.length - 1] += text;
      else whole.push(text.trimEnd());
    });
    this.columns = columns;
    [this.lines, this.broken, this.row, this.column] = [[[]], new Set(), 0, 0];
    this.write(whole.join('\n'));
  }

  private put(character: string): void {
    if (character === '\n' || character === '\r\n') this.feed();
    else if (character === '\r') this.column = 0;
    else this.print(character);
  }

  private print(character: string): void {
    const width = columnsOf(character);
    if (this.column + width > this.columns) {
      this.broken.add(this.row);
      this.feed();
    }
    const line = this.lines[this.row]!;
    while (line.length < this.column) line.push(' ');
    line.splice(this.column, width, character, ...Array<string>(width - 1).fill(''));
    this.column += width;
  }

  private feed(): void {
    this.row += 1;
    this.column = 0;
    if (this.row === this.lines.length) this.lines.push([]);
  }

  private control(sequence: string): void {
    const count = Number(sequence.slice(2, -1) || 1);
    const end = sequence.at(-1);
    if (end === 'A') this.row = Math.max(0, this.lines.length - this.rows, this.row - count);
    if (end === 'K' || end === 'J') this.lines[this.row]!.length = Math.min(this.column, this.lines[this.row]!.length);
    if (end === 'J') this.lines.length = this.row + 1;
    if (end === 'J' || end === 'K') this.broken.delete(this.row);
    if (!'AKJm'.includes(end ?? '')) throw new Error(`this terminal does not know ${JSON.stringify(sequence)}`);
  }
}

const rowText = (line: readonly string[]) => line.join('').trimEnd();
