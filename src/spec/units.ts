const unitSeconds: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Seconds of a duration such as `90s` or `5m`, rounded up to whole ones. */
export function seconds(duration: string): number {
  const [, amount, unit] = duration.match(/^(\d+)(ms|s|m|h)$/) ?? [];
  if (amount === undefined || unit === undefined) throw new Error(`not a duration: ${duration}`);
  return Math.ceil(Number(amount) * (unitSeconds[unit] ?? 1));
}

/** Mebibytes of a size such as `512M` or `2G`, as systemd counts them. */
export function megabytes(size: string): number {
  const [, amount, unit] = size.match(/^(\d+)([MG])$/) ?? [];
  if (amount === undefined) throw new Error(`not a size: ${size}`);
  return Number(amount) * (unit === 'G' ? 1024 : 1);
}
