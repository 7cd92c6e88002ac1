/** deploy.yaml with more of everything, for measuring how cost grows with the resources of a host. */
import { parse, stringify } from 'yaml';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A program of the source folder that waits, for workers that nobody measures. */
export const idleProgram = { path: 'idle.js', text: 'setInterval(() => undefined, 2 ** 30);\n' };

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G';

/** How many of each are added. */
export interface Additions {
  /** Four resources each: environment, service, timer and the timer's unit. */
  readonly jobs: number;
  /** Distributed over the jobs, made on the host. */
  readonly secrets: number;
  /** Two resources each, and one an instance. */
  readonly workers: number;
  readonly instances: number;
  readonly admins: number;
  /** Names of packages that the host has already. */
  readonly packages: readonly string[];
}

/** The text of a deploy file with more jobs, workers, secrets, people and packages. */
export function withMore(text: string, { jobs, secrets, workers, instances, admins, packages }: Additions): string {
  const file = parse(text);
  const names = numbers(secrets).map((number) => `KEY_${number}`);
  const share = Math.ceil(secrets / Math.max(jobs, 1));
  file.app.jobs = entries('job', jobs, (number) => ({
    command: `node ${idleProgram.path}`,
    schedule: `${number} 3 1 1 *`,
    env: { BATCH: number },
    secrets: names.slice((number - 1) * share, number * share),
  }));
  const worker = (number: number) => ({ command: `node ${idleProgram.path}`, instances, env: { QUEUE: number } });
  file.app.workers = entries('work', workers, worker);
  file.secrets = Object.fromEntries(names.map((name) => [name, { from: 'generated' }]));
  file.host = { ...file.host, packages, admins: entries('person', admins, () => [publicKey]) };
  return stringify(file);
}

const entries = <Value>(name: string, count: number, value: (number: number) => Value) =>
  Object.fromEntries(numbers(count).map((number) => [`${name}-${number}`, value(number)]));
