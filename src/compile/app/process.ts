/** What the units of web instances, workers and jobs have in common. */
import { wordsOf } from '../../spec/command.ts';
import { megabytes } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { databaseUnit } from '../database/places.ts';
import type { Context } from '../render.ts';
import { databaseIsLocal } from '../topology.ts';
import { from, type Traced } from '../trace.ts';
import { type Credential, credentialContext } from './credentials.ts';

/** A process as its unit tells it. Keys name the values of deploy.yaml that it follows from. */
export interface Process {
  /** Where its keys are, such as `app` or `app.workers.mail`. */
  readonly key: string;
  /** The command line and the key that it stands at. */
  readonly command: string;
  readonly commandKey: string;
  readonly memory: string;
  /** Ceiling of its heap, when it is not three quarters of the memory. */
  readonly heap?: string | undefined;
  readonly network: boolean;
  /** Whether it needs the loopback interface, network or not. */
  readonly loopback?: boolean;
  /** The folder of the release that it runs in. */
  readonly release: string;
  /** How its lines in the journal are marked. */
  readonly identifier: string;
  /** Paths of environment files behind that of the release; the last word on a variable is theirs. */
  readonly environmentFiles: readonly Traced[];
  readonly credentials: readonly Credential[];
  /** Foreign lines and the key of their list. */
  readonly patches: readonly string[];
  readonly patchKey: string;
}

/** What the template systemd/process and the partials below it see. */
export function processContext(input: CompileInput, process: Process): Context {
  const { key, network, loopback = false } = process;
  return {
    name: from('name', input.spec.name),
    release: from('name', process.release),
    environmentFiles: process.environmentFiles,
    credentials: credentialContext(input, process.credentials),
    command: commandOf(process),
    identifier: from(key === 'app' ? 'name' : key, process.identifier),
    memory: from(`${key}.memory`, process.memory),
    ...networkContext(`${key}.network`, network, loopback),
    after: [...neighbours(input), ...(network ? [from(`${key}.network`, 'network-online.target')] : [])],
    wants: network ? [from(`${key}.network`, 'network-online.target')] : [],
    backoff: from('app', input.target.systemd.restartSteps),
    patches: process.patches.map((line, index) => from(`${process.patchKey}.${index}`, line, 'foreign')),
  };
}

/** What the template systemd/hardening sees: no network at all, only the loopback interface, or all of it. */
export const networkContext = (key: string, network: boolean, loopback = false): Context => ({
  isolated: from(key, !network && !loopback),
  loopback: from('app.listen', !network && loopback),
  networked: from(key, network),
});

/** The runtime of the release with the ceiling of its heap, and the words that follow `node` in the command. */
function commandOf({ key, release, memory, heap, command, commandKey }: Process): Traced[] {
  const [, ...words] = wordsOf(command);
  const ceiling = heap === undefined ? Math.floor(megabytes(memory) * 0.75) : megabytes(heap);
  return [
    from('app.node', `${release}/node`, 'systemd-exec'),
    from(heap === undefined ? `${key}.memory` : `${key}.heap`, `--max-old-space-size=${ceiling}`, 'systemd-exec'),
    ...words.map((word) => from(commandKey, word, 'systemd-exec')),
  ];
}

/** Services of this project's other sections that a process uses; those that are not on the host do not hold it up. */
function neighbours({ spec, host }: CompileInput): Traced[] {
  const { name, database, cache } = spec;
  return [
    ...(database?.placement === 'host' && databaseIsLocal(host) ? [from('database.engine', databaseUnit(name))] : []),
    ...(database?.placement === 'host' && database.pooler.enabled
      ? [from('database.pooler.enabled', `${name}-pgbouncer.service`)]
      : []),
    ...(cache?.placement === 'host' ? [from('cache', `${name}-redis.service`)] : []),
  ];
}
