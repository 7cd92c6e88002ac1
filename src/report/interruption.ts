import type { ClosingEvent } from '../apply/events.ts';
import { type EndingSignal, printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import type { HostCourse } from './course.ts';
import type { CommandFor } from './outcomes.ts';

type Interrupted = Extract<ClosingEvent, { type: 'interrupted' }>;

const names = (hosts: readonly HostCourse[]) => hosts.map(({ host }) => host);

/** What an interruption leaves behind. */
export function interruptedEvent(
  signal: EndingSignal,
  hosts: readonly HostCourse[],
  commandFor: CommandFor,
): Interrupted {
  const sending = names(hosts.filter(({ stage }) => stage === 'sending'));
  const running = names(hosts.filter(({ stage }) => !['waiting', 'sending', 'ended'].includes(stage)));
  const open = [...running, ...sending];
  const untouched = names(hosts.filter(({ stage }) => stage === 'waiting'));
  return {
    type: 'interrupted',
    signal,
    running,
    sending,
    untouched,
    attach: open.length > 0 ? commandFor('attach', open) : '',
  };
}

/** The same for people. */
export function interruptedText(event: Interrupted, hosts: readonly HostCourse[], colors: Colors): string {
  const { running, sending, untouched, attach } = event;
  const head = colors.yellow('interrupted');
  if (running.length + sending.length === 0) {
    const ended = hosts.filter(({ stage }) => stage === 'ended').length;
    const rest = untouched.length > 0 ? `nothing was changed on ${untouched.join(', ')}` : 'every host had ended';
    return `${head}: ${ended === 0 ? 'nothing was changed' : rest}\n`;
  }
  const lines = [
    `${head}: what was begun goes on without this command`,
    ...running.map(
      (host) => `  ${colors.bold(host)} goes on by itself${atStep(hosts.find((one) => one.host === host))}`,
    ),
    ...sending.map(
      (host) => `  ${colors.bold(host)} was being sent what to do: it goes on by itself, or nothing was changed`,
    ),
    ...untouched.map((host) => `  ${colors.bold(host)} was not begun; nothing was changed`),
    `to follow it again: ${colors.cyan(attach)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function atStep(course: HostCourse | undefined): string {
  if (course?.holds) return ': it waits for the others, hears nothing of them any more, and goes back within a minute';
  if (course?.stage === 'undoing') return ', putting back what it had changed';
  return course?.stage === 'step' ? ` at step ${course.number} of ${course.steps}: ${printable(course.title)}` : '';
}
