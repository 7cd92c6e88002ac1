/**
 * What a plan asks and reads is text that shrinks to a fifth, and with it the number of round trips in which a young TCP connection
 * moves it (slow start, RFC 5681). The compression of the SSH protocol would do, too; that of ssh2 throws when a link breaks.
 */
import { Readable } from 'node:stream';
import { createGzip, gunzipSync, gzipSync } from 'node:zlib';

/**
 * The script that does the same, and returns the same exit code, with gzip(1) on both sides. It runs in the shell of a pipeline, so
 * that a script that exits ends itself alone. Reading a host must not slow down what the host is there for, so it waits behind that (nice(1)).
 */
export const compressedScript = (script: string): string => `packed_script() {
${script}
}
renice -n 10 -p "$$" >/dev/null 2>&1
exec 4>&1
code=$({ { gzip -dc | packed_script; printf '%s' "$?" >&3; } | gzip -c >&4; } 3>&1)
exit "$code"
`;

/** Input for such a script. */
export const compressed = (input: string | Readable): Readable =>
  typeof input === 'string' ? Readable.from(gzipSync(input)) : input.pipe(createGzip());

/** What such a script printed; nothing when it was cut off, or never began. */
export function expanded(stdout: Buffer): Buffer {
  try {
    return gunzipSync(stdout);
  } catch {
    return Buffer.alloc(0);
  }
}
