import { isText, type Resource, type TextResource } from '../resources/resource.ts';
import type { HostManifest } from './manifest.ts';

/** One line of a compiled file, with the keys of deploy.yaml that it follows from (none: the template alone). */
export interface CompiledLine {
  /** Path on the host. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly keys: readonly string[];
}

const filesOf = (manifest: HostManifest) => manifest.resources.filter(isText);

function linesOf({ path, content, lines }: TextResource): CompiledLine[] {
  return content
    .split('\n')
    .slice(0, -1)
    .map((text, index) => ({ path, line: index + 1, text, keys: lines[index] ?? [] }));
}

/** Lines of one file of a host: all, or one by its number from 1. Undefined when nothing compiles that file. */
export function explainFile(manifest: HostManifest, path: string, line?: number): readonly CompiledLine[] | undefined {
  const file = filesOf(manifest).find((candidate) => candidate.path === path);
  return file && linesOf(file).filter((one) => line === undefined || one.line === line);
}

/** Whether a key is another one, or lies below it. */
const isUnder = (key: string, above: string) => key === above || key.startsWith(`${above}.`);

/** Every compiled line of a host that follows from a key, or from a key below it. */
export function linesFrom(manifest: HostManifest, key: string): CompiledLine[] {
  return filesOf(manifest)
    .flatMap(linesOf)
    .filter(({ keys }) => keys.some((one) => isUnder(one, key)));
}

/** Every resource of a host that is there because of a key, or of a key below it. */
export const resourcesFrom = (manifest: HostManifest, key: string): Resource[] =>
  manifest.resources.filter(({ origin }) => isUnder(origin, key));
