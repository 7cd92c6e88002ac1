import type { Diagnostic } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import { diagnosticText, plural } from './diagnostics.ts';

/** What an import could not carry over, each with its place and what to do, without the lines around it. */
export const lossesText = (losses: readonly Diagnostic[], colors: Colors): string =>
  losses.length === 0
    ? 'everything was carried over\n'
    : `${losses.map(({ frame: _frame, ...loss }) => diagnosticText(loss, colors)).join('\n')}\n\n${plural(losses.length, 'thing')} to look at\n`;

/** What was written, and what to do next. */
export const importedText = (path: string, colors: Colors): string =>
  `${colors.green('wrote')} ${path}; next: describe a host in hosts/production/<host>/host.yaml, then npm run validate\n`;
