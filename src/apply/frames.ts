/** One framed command of probe.sh: how it ended, and what it said. */
export interface Frame {
  readonly status: number;
  readonly out: Buffer;
  readonly err: string;
}

export type Frames = ReadonlyMap<string, Frame>;

/**
 * Cuts the output of probe.sh into its frames: "<name> <status> <bytes> <bytes>", a line break, the bytes, a line break.
 * Undefined when the output is cut off or damaged: then nothing of it can be trusted.
 */
export function readFrames(output: Buffer): Frames | undefined {
  const frames = new Map<string, Frame>();
  let at = 0;
  while (at < output.length) {
    const lineEnd = output.indexOf(0x0a, at);
    const header = lineEnd < 0 ? null : output.toString('utf8', at, lineEnd).match(/^(.+) (\d+) (\d+) (\d+)$/);
    if (!header) return undefined;
    const [, name = '', status, outLength, errLength] = header;
    const outEnd = lineEnd + 1 + Number(outLength);
    const errEnd = outEnd + Number(errLength);
    if (output[errEnd] !== 0x0a) return undefined;
    frames.set(name, {
      status: Number(status),
      out: output.subarray(lineEnd + 1, outEnd),
      err: output.toString('utf8', outEnd, errEnd),
    });
    at = errEnd + 1;
    if (name === 'end') return at === output.length ? frames : undefined;
  }
  return undefined;
}
