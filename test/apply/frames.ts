/** Writes the output of probe.sh from frames, as a host would. */
export interface WrittenFrame {
  readonly status?: number;
  readonly out?: string;
  readonly err?: string;
}

export function written(frames: Readonly<Record<string, WrittenFrame>>): Buffer {
  const parts = Object.entries({ ...frames, end: {} as WrittenFrame }).map(
    ([name, { status = 0, out = '', err = '' }]) => {
      return `${name} ${status} ${Buffer.byteLength(out)} ${Buffer.byteLength(err)}\n${out}${err}\n`;
    },
  );
  return Buffer.from(parts.join(''));
}
