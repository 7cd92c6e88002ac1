import type { Audit, AuditEntry } from '../apply/audit.ts';
import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import { plural } from './diagnostics.ts';

/** The log of one host for people: every apply, or only whether the log holds together. */
export function auditText(host: string, { entries, flaws }: Audit, action: 'list' | 'verify', colors: Colors): string {
  const lines = action === 'list' ? entries.map((entry) => entryLine(entry, colors)) : [];
  for (const { line, message } of flaws) lines.push(`${colors.red('✗')} line ${line}: ${printable(message)}`);
  const count = entries.length === 1 ? '1 apply' : `${entries.length} applies`;
  const verdict =
    flaws.length > 0
      ? colors.red(`${plural(flaws.length, 'flaw')} in the log`)
      : colors.green('the log holds together');
  return `${[...lines, `${colors.bold(host)}: ${count}, ${verdict}`].join('\n')}\n`;
}

function entryLine({ at, who, outcome, seconds, commit, plan, transaction, run }: AuditEntry, colors: Colors): string {
  const word = (outcome === 'converged' ? colors.green : colors.yellow)(printable(outcome));
  const rest = [
    `commit ${commit.slice(0, 12)}${commit.endsWith('+changes') ? '+changes' : ''}`,
    `plan ${plan.slice(0, 12)}`,
    transaction,
    run ?? '',
  ];
  return `${printable(at)} ${word} ${printable(`${who} in ${seconds} s; ${rest.filter(Boolean).join(', ')}`)}`;
}
