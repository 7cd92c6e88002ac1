import { type EndingSignal, signalExitCodes } from '../diagnostic.ts';

/** The ways out of the process. */
export interface Ways {
  /** Ends it once all that was printed has reached its reader. */
  leave(code: number): void;
  /** Ends it at once. */
  leaveNow(code: number): void;
}

type Leave = (signal: EndingSignal) => void;

/**
 * What becomes of signals that end the command: the first lets whoever is at work say what goes on without it and put the terminal
 * back, and then ends the process; a second one, of whichever kind, ends it at once.
 */
export class Interruption {
  private readonly leaving = new Set<Leave>();
  /** That of the first signal; undefined before one came. */
  exitCode: number | undefined;

  constructor(private readonly ways: Ways) {}

  /** Has something done before the process ends; what is returned takes that back. It must not wait for anything. */
  before(leave: Leave): () => void {
    this.leaving.add(leave);
    return () => this.leaving.delete(leave);
  }

  receive(signal: EndingSignal): void {
    const code = signalExitCodes[signal];
    if (this.exitCode === undefined) this.first(signal, code);
    else this.ways.leaveNow(code);
  }

  private first(signal: EndingSignal, code: number): void {
    this.exitCode = code;
    try {
      for (const leave of this.leaving) leave(signal);
    } finally {
      this.ways.leave(code);
    }
  }
}
