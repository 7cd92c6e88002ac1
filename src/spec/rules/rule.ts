import type { Diagnostic } from '../../diagnostic.ts';
import type { Document, KeyPath, Part } from '../document.ts';
import type { Schema } from '../schema.ts';
import type { ResolvedDeployFile, ResolvedHostFile } from '../types.ts';

/** One host of an environment, with the folder that its file lies in. */
export interface HostDocument {
  readonly folder: string;
  readonly document: Document;
  readonly host: ResolvedHostFile;
}

/** What the rules look at: one environment after defaults, each value valid by itself. */
export interface RuleContext {
  readonly environment: string;
  readonly document: Document;
  /** The file before the environment was merged over it. */
  readonly whole: Document;
  /** The contract of the file. */
  readonly schema: Schema;
  readonly spec: ResolvedDeployFile;
  readonly hosts: readonly HostDocument[];
}

/** A rule that no schema can state. It returns what breaks it, each with its place and fix. */
export type Rule = (context: RuleContext) => Diagnostic[];

/** An error at a key of the file. `fix` is the next thing to type. */
export const error = (
  document: Document,
  path: KeyPath,
  code: string,
  message: string,
  fix: string,
  part: Part = 'value',
): Diagnostic => document.problem(path, part, { severity: 'error', code, message, fix });

/** Something that works and is worth a second thought; `--strict` makes it an error. */
export const warning = (
  document: Document,
  path: KeyPath,
  code: string,
  message: string,
  fix: string,
  part: Part = 'value',
): Diagnostic => document.problem(path, part, { severity: 'warning', code, message, fix });

/** file:line of a key, for messages that point at a second place. */
export const where = (document: Document, path: KeyPath) => {
  const { file, line } = document.locate(path);
  return `${file}:${line}`;
};
