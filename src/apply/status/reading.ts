/** What is read of a line that a host prints. */

/** Something that is wrong, and what to do about it. */
export interface Problem {
  readonly message: string;
  readonly fix: string;
  /** What it is about, where a program has to know. */
  readonly about?: 'backup' | 'drill';
}

/** Seconds since 1970 in UTC (RFC 3339). */
export const timeOf = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** A property that is there when it has a value. */
export const optional = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };

/** A line of JSON that a hand may have damaged: what it told is not known then. */
export function objectIn(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text ?? '') as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export const textIn = (value: unknown) => (typeof value === 'string' ? value : undefined);

export const numberIn = (value: unknown) => (typeof value === 'number' ? value : undefined);
