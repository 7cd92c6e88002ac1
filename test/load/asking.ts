import { setTimeout as sleep } from 'node:timers/promises';
import { type Line, openLines, type Target } from './ask.ts';
import { titleOf, type Writes } from './writes.ts';

/** A load: so many clients, each with one request at a time, which together ask so often. */
export interface Load {
  readonly target: Target;
  readonly clients: number;
  /** Requests a second of all clients together. */
  readonly rate: number;
  /** What the titles of this load begin with; no other load may have it. */
  readonly run: string;
}

/** What clients saw. */
export interface Seen {
  readonly writes: readonly Writes[];
  readonly starts: Float64Array;
  readonly times: Float32Array;
  /** When requests failed (Date.now()), and how. */
  readonly failures: readonly { readonly at: number; readonly said: string }[];
  readonly resent: number;
}

const notes = '/api/notes';
const now = () => performance.timeOrigin + performance.now();

/** Columns that grow. */
class Columns {
  private starts = new Float64Array(1 << 14);
  private times = new Float32Array(1 << 14);
  count = 0;

  add(start: number, time: number): void {
    if (this.count === this.starts.length) this.grow();
    this.starts[this.count] = start;
    this.times[this.count++] = time;
  }

  private grow(): void {
    const [starts, times] = [new Float64Array(this.count * 2), new Float32Array(this.count * 2)];
    starts.set(this.starts);
    times.set(this.times);
    Object.assign(this, { starts, times });
  }

  whole() {
    return { starts: this.starts.slice(0, this.count), times: this.times.slice(0, this.count) };
  }
}

/**
 * Clients that ask until they are stopped, each in a closed loop with a beat: it makes a note and reads it back, one request at each
 * beat. One that has to wait for the request before counts its time from when it was due, so that a stall is not counted once only.
 */
export class Asking {
  private readonly columns = new Columns();
  private readonly failures: { at: number; said: string }[] = [];
  private readonly writes: { client: number; sent: number; refused: number[] }[];
  private readonly lines: Line[];
  private going = true;
  private readonly loops: Promise<unknown>;

  constructor(private readonly load: Load) {
    this.lines = openLines(load.target, load.clients);
    this.writes = this.lines.map((_, client) => ({ client, sent: 0, refused: [] }));
    this.loops = Promise.all(this.lines.map((line, client) => this.loop(line, client)));
  }

  /** How many requests were asked, and how many failed, so far. */
  get progress(): { requests: number; failed: number } {
    return { requests: this.columns.count, failed: this.failures.length };
  }

  /** Ends after the requests that are at work. */
  async stop(): Promise<Seen> {
    this.going = false;
    await this.loops;
    for (const line of this.lines) line.close();
    const resent = this.lines.reduce((sum, line) => sum + line.resent, 0);
    return { writes: this.writes, ...this.columns.whole(), failures: this.failures, resent };
  }

  private async loop(line: Line, client: number): Promise<void> {
    const beat = (1000 * this.load.clients) / this.load.rate;
    let due = now() + (beat * client) / this.load.clients;
    const known: { id?: number; title?: string } = {};
    for (let writing = true; this.going; writing = !writing || known.id === undefined) {
      const early = due - now();
      if (early > 0) await sleep(early);
      if (!this.going) break;
      await this.one(early > 0 ? now() : due, () => (writing ? this.write(line, client, known) : read(line, known)));
      due += beat;
    }
  }

  private async one(start: number, ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      this.failures.push({ at: now(), said: saidBy(error) });
    }
    this.columns.add(start, now() - start);
  }

  /** A note with a title that no other has. It counts as acknowledged when the answer says 201 and shows it. */
  private async write(line: Line, client: number, known: { id?: number; title?: string }): Promise<void> {
    const mine = this.writes[client]!;
    const number = mine.sent++;
    const title = titleOf(this.load.run, client, number);
    try {
      const { status, body } = await line.ask('POST', notes, JSON.stringify({ title, body: 'written under load' }));
      expectNote(201, title, status, body);
      Object.assign(known, { id: JSON.parse(body).id, title });
    } catch (error) {
      mine.refused.push(number);
      throw error;
    }
  }
}

/** The note that the same client made last must still be there, and be the same. */
async function read(line: Line, { id, title }: { id?: number; title?: string }): Promise<void> {
  const { status, body } = await line.ask('GET', `${notes}/${id}`);
  expectNote(200, title ?? '', status, body);
}

function expectNote(wanted: number, title: string, status: number, body: string): void {
  if (status !== wanted) throw new Error(`status ${status}`);
  if (JSON.parse(body).title !== title) throw new Error('another note');
}

const saidBy = (error: unknown): string => {
  const { code, message, name } = error as NodeJS.ErrnoException;
  return code && code !== 'ABORT_ERR' ? code : message || name;
};
