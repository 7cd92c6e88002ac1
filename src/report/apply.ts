import type { ApplyEvent, Outcome } from '../apply/events.ts';
import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';

/** Where progress is written: a stream that may be a terminal. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Turns events of an apply into text: one line a step, and on a terminal a live line while a step runs. */
export function applyText(output: Output, colors: Colors): { listen(event: ApplyEvent): void; close(): void } {
  const live = output.isTTY === true ? liveLine(output) : undefined;
  const print = (line: string) => {
    live?.clear();
    output.write(`${line}\n`);
  };
  return {
    listen(event) {
      if (event.type === 'step')
        live?.show((seconds) => `${stepHead(event, colors)} ${event.title} ${colors.dim(`${seconds} s`)}`);
      const line = eventLine(event, colors);
      if (line !== undefined) print(line);
    },
    close: () => live?.clear(),
  };
}

function stepHead(
  event: { readonly host: string; readonly number: number; readonly steps: number },
  colors: Colors,
): string {
  const width = String(event.steps).length;
  return `${colors.bold(event.host)} ${colors.dim(`[${String(event.number).padStart(width)}/${event.steps}]`)}`;
}

function eventLine(event: ApplyEvent, colors: Colors): string | undefined {
  const host = colors.bold(event.host);
  switch (event.type) {
    case 'note':
      return `${host} ${printable(event.text)}`;
    case 'done':
      return `${stepHead(event, colors)} ${colors.green('✓')} ${event.title} ${colors.dim(secondsText(event.milliseconds))}`;
    case 'failed':
      return `${stepHead(event, colors)} ${colors.red('✗')} ${event.title}`;
    case 'output':
      return `    ${colors.dim('|')} ${printable(event.text)}`;
    case 'undo':
      return `${host} ${colors.yellow('↶')} put back: ${event.title}`;
    case 'end':
      return endLine(event, colors);
    default:
      return undefined;
  }
}

const good: readonly Outcome[] = ['converged'];

function endLine(event: Extract<ApplyEvent, { type: 'end' }>, colors: Colors): string {
  const word = good.includes(event.outcome) ? colors.green(event.outcome) : colors.red(event.outcome);
  return `${colors.bold(event.host)}: ${word} ${colors.dim(`in ${secondsText(event.milliseconds)}`)}${event.text ? `; ${printable(event.text)}` : ''}`;
}

/** `0.4 s`, `12.3 s`, `2 min 5 s`. */
export function secondsText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const whole = Math.round(seconds);
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** One line at the bottom of a terminal that is written over and over. */
function liveLine(output: Output) {
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    clearInterval(timer);
    if (timer) output.write('\r\u001b[K');
    timer = undefined;
  };
  return {
    clear,
    show(text: (seconds: string) => string) {
      clear();
      const started = performance.now();
      const draw = () => output.write(`\r\u001b[K${text(((performance.now() - started) / 1000).toFixed(0))}`);
      timer = setInterval(draw, 200);
      timer.unref();
      draw();
    },
  };
}
