import type { Readable } from 'node:stream';

/** What a command on a host came to. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Readable;
  /**
   * Whether input and stdout go compressed: worth it for text by the kilobyte on its way to and from far hosts. Not together with
   * onLine.
   */
  readonly compressed?: true;
  /** Called with each line of stdout as it arrives. */
  readonly onLine?: (line: string) => void;
}

/**
 * A way to run scripts as root on one host. `script` is text of this program, never built from values: values go in
 * through `input`.
 */
export interface Connection {
  run(script: string, options?: CommandOptions): Promise<CommandResult>;
  close(): void;
}
