/** Which keys of the contract turned up, so that a generator cannot pass by never asking. */
import { deref, type Schema } from '../../src/spec/schema.ts';
import type { Generated } from './spec.ts';

/** Every key of a schema; `[]` stands for an item of a list, `*` for a name of the user's choice. */
export function keysOf(root: Schema, schema: Schema = root, prefix = ''): string[] {
  const { properties, items, additionalProperties } = deref(root, schema);
  const inner = (one: Schema | undefined, step: string) => (one ? keysOf(root, one, `${prefix}${step}.`) : []);
  return [
    ...Object.entries(properties ?? {}).flatMap(([key, raw]) => [`${prefix}${key}`, ...inner(raw, key)]),
    ...inner(items, '[]'),
    ...inner(typeof additionalProperties === 'object' ? additionalProperties : undefined, '*'),
  ];
}

/** The keys of a schema that a value uses, named as `keysOf` names them. */
function usedIn(root: Schema, schema: Schema, value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { properties, items, additionalProperties } = deref(root, schema);
  return Object.entries(value).flatMap(([key, inner]) => {
    const own = properties?.[key];
    if (own) return [`${prefix}${key}`, ...usedIn(root, own, inner, `${prefix}${key}.`)];
    const entry = Array.isArray(value)
      ? items
      : typeof additionalProperties === 'object'
        ? additionalProperties
        : undefined;
    return entry ? usedIn(root, entry, inner, `${prefix}${Array.isArray(value) ? '[]' : '*'}.`) : [];
  });
}

/** Counts how many projects use each key of both files. */
export class Coverage {
  readonly counts: Map<string, number>;

  constructor(
    private readonly deploy: Schema,
    private readonly host: Schema,
  ) {
    const all = [...keysOf(deploy), ...keysOf(host).map((key) => `host.yaml ${key}`)];
    this.counts = new Map(all.map((key) => [key, 0]));
  }

  add({ deploy, hosts }: Generated): void {
    const ofHosts = Object.values(hosts).flatMap((content) => usedIn(this.host, this.host, content));
    const used = new Set([...usedIn(this.deploy, this.deploy, deploy), ...ofHosts.map((key) => `host.yaml ${key}`)]);
    for (const key of used) this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** The keys that no project used. */
  get missing(): string[] {
    return [...this.counts].filter(([, count]) => count === 0).map(([key]) => key);
  }

  /** The keys that the fewest projects used, with their number. */
  rarest(count: number): [string, number][] {
    return [...this.counts].sort(([, a], [, b]) => a - b).slice(0, count);
  }
}
