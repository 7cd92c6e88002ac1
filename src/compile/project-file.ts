import type { Rendered } from './render.ts';

/** A compiled file that belongs to the project and not to a host: a workflow, a Compose file. The path is relative to deploy.yaml. */
export interface ProjectFile {
  readonly path: string;
  readonly content: string;
  /** `lines[i]` holds the keys of deploy.yaml that line i (from 0) follows from. */
  readonly lines: readonly (readonly string[])[];
  /** The key that caused the file. */
  readonly origin: string;
}

/** A rendered text as a file of the project. */
export const projectFile = (path: string, { text, lines }: Rendered, origin: string): ProjectFile => ({
  path,
  content: text,
  lines,
  origin,
});
