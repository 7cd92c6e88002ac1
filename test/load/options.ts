import type { Target } from './ask.ts';

/** What is in front of the program, and how clients ask. */
export interface Combination {
  readonly tls: boolean;
  readonly protocol: Target['protocol'];
}

export const nameOf = ({ tls, protocol }: Combination): string =>
  `${protocol === 'http1' ? 'HTTP/1.1 keep-alive' : 'HTTP/2'}${tls ? ' over TLS' : ', no TLS'}`;

/** How much is asked, and how often the release changes meanwhile. */
export interface Demand {
  readonly requests: number;
  readonly rate: number;
  readonly clients: number;
  readonly deploys: number;
  readonly rollbacks: number;
  readonly restarts: number;
}

const all: readonly Combination[] = [
  { tls: false, protocol: 'http1' },
  { tls: true, protocol: 'http1' },
  { tls: true, protocol: 'http2' },
];

/**
 * The combinations that were chosen. Without TLS there is no HTTP/2: Nginx speaks it in plain text only where it is told to, which no client of
 * a site expects.
 *
 * @param tls on, off or both.
 * @param protocol http1, http2 or both.
 * @throws Error when a word is another one, or nothing is left.
 */
export function combinationsOf(tls: string, protocol: string): readonly Combination[] {
  if (!['on', 'off', 'both'].includes(tls)) throw new Error(`--tls takes on, off or both, not ${tls}`);
  if (!['http1', 'http2', 'both'].includes(protocol))
    throw new Error(`--protocol takes http1, http2 or both, not ${protocol}`);
  const chosen = all.filter(
    (one) => (tls === 'both' || one.tls === (tls === 'on')) && (protocol === 'both' || one.protocol === protocol),
  );
  if (chosen.length === 0) throw new Error('without TLS, Nginx speaks no HTTP/2: choose --tls on or --protocol http1');
  return chosen;
}

const names = ['requests', 'rate', 'clients', 'deploys', 'rollbacks', 'restarts'] as const;

/**
 * How much is asked in each combination.
 *
 * @param typed numbers as they were typed.
 * @param combinations how many share the requests.
 * @throws Error when one is no number, or there is more to go back to than was deployed.
 */
export function demandOf(typed: Readonly<Record<(typeof names)[number], string>>, combinations: number): Demand {
  const numbers = Object.fromEntries(names.map((name) => [name, count(name, typed[name])])) as unknown as Demand;
  if (numbers.deploys === 0 || numbers.rollbacks > numbers.deploys)
    throw new Error('there must be a deploy at least, and one for each rollback');
  if (numbers.rate === 0 || numbers.clients === 0) throw new Error('--rate and --clients must be more than 0');
  return { ...numbers, requests: Math.ceil(numbers.requests / combinations) };
}

function count(name: string, typed: string): number {
  if (/^\d{1,8}$/.test(typed)) return Number(typed);
  throw new Error(`--${name} takes a number, not ${typed}`);
}

export type Verb = 'deploy' | 'rollback';

/** The order of so many deploys and rollbacks: the rollbacks are spread evenly, and none comes before a deploy. */
export function orderOf(deploys: number, rollbacks: number): Verb[] {
  const verbs = Array.from({ length: deploys }, (): Verb => 'deploy');
  for (let number = rollbacks; number > 0; number--)
    verbs.splice(Math.ceil((deploys * number) / rollbacks), 0, 'rollback');
  return verbs;
}
