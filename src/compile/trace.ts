import type { ResolvedSpec } from '../spec/resolve.ts';
import type { Grammar } from './escape.ts';

/** A value that a template may print, with the key of deploy.yaml that it came from. */
export interface Traced {
  readonly value: string | number | boolean;
  readonly key: string;
  /** How it is written, where that is not the grammar of the file: an identifier, or one word of a command line. */
  readonly as?: Grammar;
}

/** A value with its origin. `key` is a dotted path into deploy.yaml, such as `proxy.timeouts.read`. */
export const from = (key: string, value: Traced['value'], as?: Grammar): Traced =>
  as === undefined ? { key, value } : { key, value, as };

export const isTraced = (value: unknown): value is Traced =>
  typeof value === 'object' && value !== null && 'key' in value && 'value' in value;

/**
 * Reads single values of a spec by dotted path, each with its origin.
 * The reader throws when there is no such value: that is a fault of the compiler, not of the file.
 */
export function tracer(spec: ResolvedSpec): (key: string) => Traced {
  return (key) => {
    const value = key
      .split('.')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], spec);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new Error(`${key} is not a single value`);
    }
    return from(key, value);
  };
}
