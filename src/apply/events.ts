import type { ExitCode } from '../diagnostic.ts';
import { ExitCode as Exit } from '../diagnostic.ts';

/** How an apply to one host ended. `lost`: the connection broke and the host may still be at work. */
export type Outcome =
  | 'converged'
  | 'failed'
  | 'rolled back'
  | 'partial'
  | 'locked'
  | 'stale'
  | 'refused'
  | 'unreachable'
  | 'lost';

/** The exit code of each outcome, as `fairlead apply --help` lists them. */
export const exitCodeOf: Readonly<Record<Outcome, ExitCode>> = {
  converged: Exit.done,
  failed: Exit.error,
  'rolled back': Exit.rolledBack,
  partial: Exit.partial,
  locked: Exit.locked,
  stale: Exit.stale,
  refused: Exit.refused,
  unreachable: Exit.unreachable,
  lost: Exit.unreachable,
};

/** What happens during an apply. Reporters subscribe; nothing else prints. */
export type ApplyEvent =
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
  | { readonly type: 'output'; readonly host: string; readonly number: number; readonly text: string }
  | { readonly type: 'undo'; readonly host: string; readonly number: number; readonly title: string }
  | {
      readonly type: 'end';
      readonly host: string;
      readonly outcome: Outcome;
      /** What is left to say: why, and what to do next. */
      readonly text: string;
      readonly milliseconds: number;
    };

export type Listener = (event: ApplyEvent) => void;
