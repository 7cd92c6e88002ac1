import type { Readable } from 'node:stream';
import type { Plan } from '../plan/change.ts';
import type { CommandResult, Connection } from '../transport/transport.ts';
import { bundle, type Parts } from './bundle.ts';
import { likelyCause } from './causes.ts';
import type { Listener, Outcome } from './events.ts';

/** How a transaction ended. */
export interface TransactionResult {
  readonly outcome: Outcome;
  readonly text: string;
}

/** A transaction on a host, as its log is read. */
export interface Followed {
  readonly host: string;
  readonly project: string;
  readonly id: string;
  /** What each step is called, by its number from 1. */
  readonly titles: readonly string[];
  /** What to type to follow an apply that goes on there. */
  readonly follow: string;
}

/** Proves to a host that it can still be reached, by a connection of its own; takes the id of the transaction that waits. */
export type Confirm = (id: string) => Promise<void>;

/** Tells a host that waits for others, at a point of its transaction, whether it goes on; takes the id of the transaction. */
export type Hold = (id: string, point: string) => Promise<void>;

/** What a host may wait for. */
export interface Answers {
  readonly confirm: Confirm;
  /** Without it the host is not answered: somebody else does, or it goes back. */
  readonly hold?: Hold;
}

/**
 * Carries out a plan on its host: sends it, starts the executor there and follows its log. The executor does not depend on
 * this connection; when it breaks, the host goes on and the result is `lost`.
 *
 * @param receiver text of the script `receive`.
 * @param answers are called when the host waits for them, and may fail: the host then goes back by itself.
 * @param follow see Followed.
 */
export async function carryOut(
  connection: Connection,
  plan: Plan,
  parts: Parts,
  receiver: string,
  answers: Answers,
  listen: Listener,
  follow: string,
): Promise<TransactionResult> {
  const titles = plan.steps.map(({ title }) => title);
  const followed = { host: plan.host, project: plan.project, id: parts.id, titles, follow };
  listen({ type: 'begin', host: plan.host, transaction: parts.id, steps: titles.length });
  return following(connection, receiver, await bundle(plan, parts), followed, answers, listen);
}

/**
 * Lets a host end a transaction that was cut off, and follows that.
 *
 * @param recoverer text of the script `recover`.
 */
export async function recoverFrom(
  connection: Connection,
  { unfinished, ...there }: Omit<Followed, 'id' | 'titles'> & { readonly unfinished: string },
  recoverer: string,
  listen: Listener,
): Promise<TransactionResult> {
  listen({ type: 'recovering', host: there.host, transaction: unfinished });
  const followed = { ...there, id: unfinished, titles: [] };
  return following(
    connection,
    recoverer,
    `${there.project}\n${unfinished}\n`,
    followed,
    { confirm: async () => undefined },
    listen,
  );
}

/**
 * Follows a transaction that somebody began, from its beginning to its end.
 *
 * @param id its id; undefined for the newest.
 * @param attacher text of the script `attach`.
 * @param confirm see carryOut: whoever began it may be gone.
 */
export async function attachTo(
  connection: Connection,
  { id, ...there }: Omit<Followed, 'id' | 'titles'> & { readonly id: string | undefined },
  attacher: string,
  confirm: Confirm,
  listen: Listener,
): Promise<TransactionResult> {
  const followed = { ...there, id: id ?? '', titles: [] };
  return following(connection, attacher, `${there.project}\n${id ?? ''}\n`, followed, { confirm }, listen);
}

async function following(
  connection: Connection,
  script: string,
  input: string | Readable,
  followed: Followed,
  answers: Answers,
  listen: Listener,
): Promise<TransactionResult> {
  const log = new LogReader(followed, answers, listen);
  return log.result(await connection.run(script, { input, onLine: (line: string) => log.read(line) }));
}

/** Turns lines of an executor's log into events (executor/head.sh lists them), and its last line into a result. */
class LogReader {
  private titles: string[];
  private id: string;
  private end: string | undefined;
  private heard = false;
  /** What the step that failed has printed, until its cause was told. */
  private readonly printed: string[] = [];
  private failedAt = 0;

  constructor(
    private readonly followed: Followed,
    private readonly answers: Answers,
    private readonly listen: Listener,
  ) {
    this.titles = [...followed.titles];
    this.id = followed.id;
  }

  read(line: string): void {
    const [word = '', digits = '', ...rest] = line.split(' ');
    const { host } = this.followed;
    this.heard = true;
    if (word !== 'out') this.tellCause();
    const number = Number(digits);
    const step = { host, number, steps: this.titles.length, title: this.titleOf(number) };
    if (word === 'end') this.end = [digits, ...rest].join(' ');
    else if (word === 'transaction') this.meet(digits, Number(rest[0]));
    else if (word === 'plan') this.learn([digits, ...rest].join(' '));
    else if (word === 'step') this.listen({ type: 'step', ...step });
    else if (word === 'done') this.listen({ type: 'done', ...step, milliseconds: Number(rest[0]) * 10 });
    else if (word === 'failed') this.listen({ type: 'failed', ...step });
    else if (word === 'postponed') this.listen({ type: 'postponed', ...step });
    else if (word === 'out') this.print(number, rest.join(' '));
    else if (word === 'undo') this.listen({ type: 'undo', host, number, title: step.title });
    else if (word === 'note') this.listen({ type: 'note', host, text: [digits, ...rest].join(' ') });
    else if (word === 'recover') this.listen({ type: 'recovering', host, transaction: this.id });
    else if (word === 'confirm') this.comeIn(number);
    else if (word === 'hold') this.wait(digits, Number(rest[0]));
  }

  private print(number: number, text: string): void {
    this.printed.push(text);
    this.failedAt = number;
    this.listen({ type: 'output', host: this.followed.host, number, text });
  }

  private tellCause(): void {
    const text = likelyCause(this.printed.splice(0));
    if (text !== undefined) this.listen({ type: 'cause', host: this.followed.host, number: this.failedAt, text });
  }

  /** The transaction that a client attached itself to. */
  private meet(id: string, steps: number): void {
    this.id = id;
    this.listen({ type: 'attached', host: this.followed.host, transaction: id, steps });
  }

  /** `<number>|<title>` of a step that somebody else planned. */
  private learn(text: string): void {
    this.titles.push(text.slice(text.indexOf('|') + 1));
  }

  private titleOf(number: number): string {
    return this.titles[number - 1] ?? `step ${number}`;
  }

  /** A host that cannot be reached any more goes back by itself; that tells more than the error here. */
  private comeIn(seconds: number): void {
    this.listen({ type: 'confirm', host: this.followed.host, seconds });
    this.answers
      .confirm(this.id)
      .catch((error: Error) =>
        this.listen({ type: 'note', host: this.followed.host, text: `no new connection: ${error.message}` }),
      );
  }

  private wait(point: string, seconds: number): void {
    this.listen({ type: 'hold', host: this.followed.host, point, seconds });
    this.answers
      .hold?.(this.id, point)
      .catch((error: Error) =>
        this.listen({ type: 'note', host: this.followed.host, text: `could not be told to go on: ${error.message}` }),
      );
  }

  /**
   * @param result of the command that printed the log. Its code is -1 where the link broke, and 128 or more where a signal ended
   * it; then, and after any line, the host may be at work.
   */
  result({ code, stderr }: CommandResult): TransactionResult {
    if (this.end !== undefined) return this.concluded(this.end);
    const isRefused = code > 0 && code < 128 && !this.heard;
    return isRefused ? unanswered(code, stderr) : this.lost();
  }

  private lost(): TransactionResult {
    return {
      outcome: 'lost',
      text: `the connection broke, and the host goes on by itself. Follow it: ${this.followed.follow}`,
    };
  }

  private concluded(end: string): TransactionResult {
    const [word = '', ...rest] = end.split(' ');
    const said = rest.join(' ');
    const unit = `fairlead-${this.followed.project}-${this.id}`;
    const named = rest.map((number) => this.titleOf(Number(number))).join('; ');
    const texts: Record<string, string> = {
      converged: '',
      incomplete: `all is in place but: ${named}, for the reason above. The host tries again by itself, and so does the next apply`,
      'rolled-back': 'everything that this apply had changed was put back; mend the cause above and apply again',
      partial: `what could be undone was put back; these steps stay: ${named}. Mend the cause above and apply again`,
      locked: `another apply is at work on this host (${said || 'unknown'}); wait for it, or follow it: ${this.followed.follow}`,
      stale: `${said}; nothing was changed. Plan again, look at the difference, then apply`,
      failed: `${said}; nothing was changed${/No space left/.test(said) ? '. Make room on the host (df -h), then apply again' : ''}`,
      died: `the executor ended without saying how: it was killed, or the disk is full (there: df -h; journalctl -u ${unit}). Apply again: what it left is put back first`,
    };
    return { outcome: outcomes[word] ?? 'partial', text: texts[word] ?? said };
  }
}

/** A script that ended without a line was not allowed to begin, as without the rights of sudo. */
function unanswered(code: number, stderr: string): TransactionResult {
  const said = stderr.trim().split('\n', 1)[0];
  return { outcome: 'failed', text: `the host did not answer as asked (exit code ${code}${said ? `: ${said}` : ''})` };
}

const outcomes: Record<string, Outcome> = {
  converged: 'converged',
  incomplete: 'incomplete',
  'rolled-back': 'rolled back',
  partial: 'partial',
  locked: 'locked',
  stale: 'stale',
  failed: 'failed',
};
