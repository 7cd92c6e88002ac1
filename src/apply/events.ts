import type { Diagnostic, EndingSignal, ExitCode } from '../diagnostic.ts';
import { ExitCode as Exit } from '../diagnostic.ts';

/**
 * How an apply to one host ended. `incomplete`: all is in place but what was postponed. `lost`: the connection broke and the host may still be at work. `skipped`: it was not begun,
 * because a host before it failed or somebody interrupted.
 */
export type Outcome =
  | 'converged'
  | 'incomplete'
  | 'failed'
  | 'rolled back'
  | 'partial'
  | 'locked'
  | 'stale'
  | 'refused'
  | 'unreachable'
  | 'lost'
  | 'skipped';

/** The exit code of each outcome, as `fairlead apply --help` lists them. */
export const exitCodeOf: Readonly<Record<Outcome, ExitCode>> = {
  converged: Exit.done,
  failed: Exit.error,
  'rolled back': Exit.rolledBack,
  partial: Exit.partial,
  incomplete: Exit.partial,
  locked: Exit.locked,
  stale: Exit.stale,
  refused: Exit.refused,
  unreachable: Exit.unreachable,
  lost: Exit.unreachable,
  skipped: Exit.error,
};

/** From what left hosts half-way to what changed nothing. */
const gravity: readonly Outcome[] = [
  'partial',
  'lost',
  'rolled back',
  'failed',
  'refused',
  'stale',
  'locked',
  'unreachable',
  'skipped',
  'incomplete',
  'converged',
];

/** Whether a host is as planned, up to what it tries again by itself. */
export const isInPlace = (outcome: Outcome): boolean => outcome === 'converged' || outcome === 'incomplete';

/** The exit code of the gravest outcome. */
export function worst(outcomes: readonly Outcome[]): ExitCode {
  const gravest = gravity.find((outcome) => outcomes.includes(outcome));
  return gravest ? exitCodeOf[gravest] : Exit.done;
}

/** How one host ended, in the summary of all. */
export interface HostSummary {
  readonly host: string;
  readonly outcome: Outcome;
  /** How many resources were changed for good; null where that is not known from here. */
  readonly changes: number | null;
  readonly milliseconds: number;
  /** The release that went live; absent where none did. */
  readonly release?: string;
  /** What is left to do, with the command to type; empty when there is nothing. */
  readonly next: string;
}

/** What happens during an apply, as docs/events.md describes it. Reporters subscribe; nothing else prints. */
export type ApplyEvent =
  | {
      readonly type: 'start';
      /** Every host that is meant, in the order in which they are begun; without `changes` where there is no plan. */
      readonly hosts: readonly {
        readonly host: string;
        readonly changes?: number;
        /** The release that is to go live, where another one does now. */
        readonly release?: string;
      }[];
      readonly parallel: number;
      readonly batch?: number;
      /** Seconds between batches. */
      readonly pause?: number;
    }
  | { readonly type: 'note'; readonly host: string; readonly text: string }
  | { readonly type: 'begin'; readonly host: string; readonly transaction: string; readonly steps: number }
  | {
      readonly type: 'step';
      readonly host: string;
      readonly number: number;
      readonly steps: number;
      readonly title: string;
    }
  | {
      readonly type: 'done';
      readonly host: string;
      readonly number: number;
      readonly steps: number;
      readonly title: string;
      readonly milliseconds: number;
    }
  | {
      readonly type: 'failed';
      readonly host: string;
      readonly number: number;
      readonly steps: number;
      readonly title: string;
    }
  /** A step failed whose failure keeps nothing back: the host tries it again by itself, and the next plan has it. */
  | {
      readonly type: 'postponed';
      readonly host: string;
      readonly number: number;
      readonly steps: number;
      readonly title: string;
    }
  | { readonly type: 'output'; readonly host: string; readonly number: number; readonly text: string }
  /** What the step that failed most likely failed from, and what to do. */
  | { readonly type: 'cause'; readonly host: string; readonly number: number; readonly text: string }
  | { readonly type: 'undo'; readonly host: string; readonly number: number; readonly title: string }
  /** The host waits for a new connection, for so many seconds. */
  | { readonly type: 'confirm'; readonly host: string; readonly seconds: number }
  /** The host waits for the others that change their release with it, for so many seconds; then it goes back. */
  | { readonly type: 'hold'; readonly host: string; readonly point: string; readonly seconds: number }
  /** A transaction that was cut off is being ended: by this client, or by the host itself. */
  | { readonly type: 'recovering'; readonly host: string; readonly transaction: string }
  /** The log of a transaction that somebody began is followed from its beginning. */
  | { readonly type: 'attached'; readonly host: string; readonly transaction: string; readonly steps: number }
  | {
      readonly type: 'end';
      readonly host: string;
      readonly outcome: Outcome;
      /** What is left to say: why, and what to do next. */
      readonly text: string;
      readonly milliseconds: number;
      /** Why the host could not be planned, where that is the reason. */
      readonly diagnostics?: readonly Diagnostic[];
    };

/** What a reporter adds to the events of an apply, for programs. */
export type ClosingEvent =
  | {
      readonly type: 'interrupted';
      readonly signal: EndingSignal;
      /** Hosts that go on by themselves with what was begun. */
      readonly running: readonly string[];
      /** Hosts to which something was being sent: they go on by themselves, or nothing was changed. */
      readonly sending: readonly string[];
      /** Hosts that were not begun. */
      readonly untouched: readonly string[];
      /** The command that follows what goes on; empty when nothing does. */
      readonly attach: string;
    }
  | {
      readonly type: 'summary';
      readonly exitCode: number;
      readonly milliseconds: number;
      readonly hosts: readonly HostSummary[];
    }
  | { readonly type: 'error'; readonly exitCode: number; readonly diagnostics: readonly Diagnostic[] };

export type Listener = (event: ApplyEvent) => void;
