const unitMilliseconds: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `90s` or `5m`. */
export function milliseconds(duration: string): number {
  const [, amount, unit] = duration.match(/^(\d+)(ms|s|m|h|d)$/) ?? [];
  if (amount === undefined || unit === undefined) throw new Error(`not a duration: ${duration}`);
  return Number(amount) * (unitMilliseconds[unit] ?? 1);
}

/** Seconds of a duration, rounded up to whole ones. */
export const seconds = (duration: string): number => Math.ceil(milliseconds(duration) / 1000);

/** Mebibytes of a size such as `512M` or `2G`, as systemd counts them. */
export function megabytes(size: string): number {
  const [, amount, unit] = size.match(/^(\d+)([MG])$/) ?? [];
  if (amount === undefined) throw new Error(`not a size: ${size}`);
  return Number(amount) * (unit === 'G' ? 1024 : 1);
}
