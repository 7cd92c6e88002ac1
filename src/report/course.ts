import type { ApplyEvent, Outcome } from '../apply/events.ts';

/**
 * Where one host is: not begun, being sent what to do, at a step, between two of them, putting back what was changed, being read
 * once more, or at its end.
 */
export type Stage = 'waiting' | 'sending' | 'step' | 'between' | 'undoing' | 'checking' | 'ended';

/** One host in the course of an apply, by the events about it. Times are milliseconds of the clock that the course was given. */
export interface HostCourse {
  readonly host: string;
  readonly stage: Stage;
  /** When the stage began; for a step, when the step did. */
  readonly since: number;
  readonly number: number;
  readonly steps: number;
  /** What is being done or put back. */
  readonly title: string;
  /** How many resources are to change; absent without a plan. */
  readonly changes?: number;
  /** The release that is to go live. */
  readonly release?: string;
  /** Whether it waits for others that change their release with it. */
  readonly holds?: boolean;
  readonly outcome?: Outcome;
  readonly milliseconds: number;
}

const unknownHost = { stage: 'waiting', since: 0, number: 0, steps: 0, title: '', milliseconds: 0 } as const;

/** All hosts of an apply: what the events up to now come to. */
export class Course {
  private readonly byHost = new Map<string, HostCourse>();
  /** When the first host could be begun. */
  readonly began: number;

  constructor(private readonly now: () => number) {
    this.began = now();
  }

  listen(event: ApplyEvent): void {
    if (event.type === 'start') for (const { host, ...known } of event.hosts) this.set(host, known);
    else this.set(event.host, this.after(event));
  }

  /** In the order of the start event, others behind. */
  get hosts(): readonly HostCourse[] {
    return [...this.byHost.values()];
  }

  /** Those that have begun and not ended. */
  get active(): readonly HostCourse[] {
    return this.hosts.filter(({ stage }) => stage !== 'waiting' && stage !== 'ended');
  }

  get elapsed(): number {
    return this.now() - this.began;
  }

  private set(host: string, news: Partial<HostCourse>): void {
    this.byHost.set(host, { ...(this.byHost.get(host) ?? { host, ...unknownHost }), ...news });
  }

  private after(event: Exclude<ApplyEvent, { type: 'start' }>): Partial<HostCourse> {
    const since = this.now();
    switch (event.type) {
      case 'begin':
        return { stage: 'sending', since, steps: event.steps };
      case 'attached':
        return { stage: 'between', since, steps: event.steps };
      case 'recovering':
        return { stage: 'undoing', since, title: 'what was cut off' };
      case 'step':
        return { stage: 'step', since, number: event.number, steps: event.steps, title: event.title, holds: false };
      case 'hold':
        return { holds: true };
      case 'done':
      case 'postponed':
        return { stage: event.number === event.steps ? 'checking' : 'between', since, number: event.number };
      case 'failed':
      case 'undo':
        return { stage: 'undoing', since, title: event.title };
      case 'end':
        return { stage: 'ended', outcome: event.outcome, milliseconds: event.milliseconds };
      case 'note':
      case 'output':
      case 'cause':
        return {};
      default:
        return this.atWork(event);
    }
  }

  /** What an event of another type says about its host at least: that something goes on there. */
  private atWork({ host }: { readonly host: string }): Partial<HostCourse> {
    const stage = this.byHost.get(host)?.stage ?? 'waiting';
    return stage === 'waiting' || stage === 'sending' ? { stage: 'between', since: this.now() } : {};
  }
}
