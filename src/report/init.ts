import type { Answers } from '../init/questions.ts';
import type { Colors } from './colors.ts';

/** What init wrote, and what to type next. */
export function writtenText(files: readonly string[], { domain, address }: Answers, colors: Colors): string {
  const next = [
    ['npm run compile', 'writes what the host will get to hosts/, for review and for git'],
    ['npm run plan', 'shows what an apply would do; changes nothing'],
    ['npm run apply', `brings the host to it; ${domain} must lead to ${address} by then`],
  ];
  return [
    ...files.map((file) => `${colors.green('+')} ${file}`),
    '',
    'Next:',
    ...next.map(([command = '', what = '']) => `  ${colors.cyan(command.padEnd(16))}  ${what}`),
    '',
  ].join('\n');
}
