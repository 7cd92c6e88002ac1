import type { Plan } from '../plan/change.ts';
import type { Connection } from '../transport/transport.ts';
import { bundle, type Parts } from './bundle.ts';
import type { Listener, Outcome } from './events.ts';

/** How a transaction ended. */
export interface TransactionResult {
  readonly outcome: Outcome;
  readonly text: string;
}

const outcomes: Record<string, Outcome> = {
  converged: 'converged',
  'rolled-back': 'rolled back',
  partial: 'partial',
  locked: 'locked',
  stale: 'stale',
  failed: 'failed',
};

/**
 * Carries out a plan on its host: sends it, starts the executor there and follows its log. The executor does not depend on
 * this connection; when it breaks, the host goes on and the result is `lost`.
 *
 * @param receiver text of receive.sh.
 */
export async function carryOut(
  connection: Connection,
  plan: Plan,
  parts: Parts,
  receiver: string,
  listen: Listener,
): Promise<TransactionResult> {
  let end: string | undefined;
  const follow = follower(plan, listen);
  listen({ type: 'begin', host: plan.host, transaction: parts.id, steps: plan.steps.length });
  await connection.run(receiver, {
    input: await bundle(plan, parts),
    onLine(line) {
      if (line.startsWith('end ')) end = line.slice('end '.length);
      else follow(line);
    },
  });
  return end === undefined ? lost(plan, parts.id) : concluded(plan, parts.id, end);
}

/** Turns lines of the executor's log into events. */
function follower(plan: Plan, listen: Listener): (line: string) => void {
  const { host } = plan;
  const steps = plan.steps.length;
  return (line) => {
    const [word = '', digits = '', ...rest] = line.split(' ');
    const number = Number(digits);
    const title = plan.steps[number - 1]?.title ?? '';
    if (word === 'step') {
      listen({ type: 'step', host, number, steps, title });
    } else if (word === 'done')
      listen({ type: 'done', host, number, steps, title, milliseconds: Number(rest[0]) * 10 });
    else if (word === 'failed') listen({ type: 'failed', host, number, steps, title });
    else if (word === 'out') listen({ type: 'output', host, number, text: rest.join(' ') });
    else if (word === 'undo') listen({ type: 'undo', host, number, title });
  };
}

function lost(plan: Plan, id: string): TransactionResult {
  const unit = `fairlead-${plan.project}-${id}`;
  return {
    outcome: 'lost',
    text: `the connection broke; the host goes on by itself (there: journalctl -u ${unit}). Run the same command again to see where it stands`,
  };
}

function concluded(plan: Plan, id: string, end: string): TransactionResult {
  const [word = '', ...rest] = end.split(' ');
  const said = rest.join(' ');
  const outcome = outcomes[word] ?? 'partial';
  const texts: Record<string, string> = {
    converged: '',
    'rolled-back': 'everything that this apply had changed was put back; mend the cause above and apply again',
    partial: `what could be undone was put back; these steps stay: ${rest.map((number) => plan.steps[Number(number) - 1]?.title ?? number).join('; ')}. Mend the cause above and apply again`,
    locked: `another apply is at work on this host (${said || 'unknown'}); wait for it, then apply again`,
    stale: `${said}; nothing was changed. Plan again, look at the difference, then apply`,
    failed: `${said}; nothing was changed${/No space left/.test(said) ? '. Make room on the host (df -h), then apply again' : ''}`,
    died: `the executor ended without saying how: it was killed, or the disk is full (there: df -h; journalctl -u fairlead-${plan.project}-${id}). Apply again to converge from where it stopped`,
  };
  return { outcome, text: texts[word] ?? said };
}
