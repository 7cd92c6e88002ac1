/** What a process of the program runs and may use. */
import { splitCommand } from '../spec/command.ts';
import { type ComposeMap, type ComposeService, isMap, type Lose, listOf, textOf } from './compose-file.ts';

const quoted = (word: string) => (/^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The command line that starts a process, when it is one that Fairlead can run; else a loss, unless `optional`. */
export function startOf({ keys, path }: ComposeService, what: string, lose: Lose): string | undefined {
  const words = [keys.entrypoint, keys.command].flatMap((one) =>
    typeof one === 'string' ? [one] : listOf(one).map((word) => quoted(String(word))),
  );
  if (words.length === 0) {
    lose(
      path,
      `${what} is started by its image, which was not looked into`,
      'write the command of its Dockerfile, as "node …"',
    );
    return undefined;
  }
  const line = words.join(' ').replaceAll('$$', '$');
  const command = splitCommand(line);
  if ('words' in command && command.words[0] === 'node') return line;
  const place = keys.command === undefined ? 'entrypoint' : 'command';
  lose(
    [...path, place],
    `${what} is started by "${line}", which is no call of node`,
    'write what that starts in the end, such as "node dist/server.js"',
  );
  return undefined;
}

const sizes: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A memory size of Compose (`512m`, `1.5gb`) as one of deploy.yaml; undefined when it is none. */
export function memoryOf(value: unknown): string | undefined {
  const [, amount, unit = ''] = (textOf(value) ?? '').toLowerCase().match(/^([\d.]+)([bkmg]?)b?$/) ?? [];
  const megabytes = Math.round((Number(amount) * (sizes[unit] ?? 1)) / 1024 ** 2);
  return megabytes >= 1 && megabytes < 1_000_000 ? `${megabytes}M` : undefined;
}

/** A duration of Compose (`1m30s`, `90`) as one of deploy.yaml; undefined when it is none. */
export function durationOf(value: unknown): string | undefined {
  const text = textOf(value) ?? '';
  const parts = [...text.matchAll(/(\d+)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  const seconds = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * ({ h: 3600, m: 60, s: 1, ms: 0.001 }[unit ?? 's'] ?? 1),
    0,
  );
  return seconds >= 1 && seconds < 1_000_000 ? `${Math.ceil(seconds)}s` : undefined;
}

const limitsOf = ({ deploy }: ComposeMap): ComposeMap => {
  const resources = isMap(deploy) && isMap(deploy.resources) ? deploy.resources : {};
  return isMap(resources.limits) ? resources.limits : {};
};

/** The memory ceiling of a service, in either of the two ways to write it. */
export const memoryLimitOf = ({ keys }: ComposeService): string | undefined =>
  memoryOf(limitsOf(keys).memory ?? keys.mem_limit);

/** How many containers of a service run. */
export function replicasOf({ keys }: ComposeService): number | undefined {
  const count = Number((isMap(keys.deploy) ? keys.deploy.replicas : undefined) ?? keys.scale);
  return Number.isInteger(count) && count >= 1 && count <= 64 ? count : undefined;
}
