import { isText, type Resource } from '../resources/resource.ts';
import type { HostManifest } from './manifest.ts';

/** A compiled text: a file of a host by its path there, or a file of the project by its path beside deploy.yaml. */
export interface CompiledText {
  readonly path: string;
  readonly content: string;
  readonly lines: readonly (readonly string[])[];
}

/** One line of a compiled text, with the keys of deploy.yaml that it follows from (none: the template alone). */
export interface CompiledLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly keys: readonly string[];
}

/** All texts of a host: its files, and those that lie beside its manifest. */
export const textsOf = ({ environment, host, resources, companions }: HostManifest): CompiledText[] => [
  ...resources.filter(isText),
  ...companions.map((one) => ({ ...one, path: `hosts/${environment}/${host.name}/${one.path}` })),
];

const linesOf = ({ path, content, lines }: CompiledText): CompiledLine[] =>
  content
    .split('\n')
    .slice(0, -1)
    .map((text, index) => ({ path, line: index + 1, text, keys: lines[index] ?? [] }));

/** Lines of the text at a path: all, or one by its number from 1. None when nothing compiles that file, or it has no such line. */
export function explainText(texts: readonly CompiledText[], path: string, line?: number): CompiledLine[] {
  return texts
    .filter((one) => one.path === path)
    .flatMap(linesOf)
    .filter((one) => line === undefined || one.line === line);
}

/** Whether a key is another one, or lies below it. */
const isUnder = (key: string, above: string) => key === above || key.startsWith(`${above}.`);

/** Every line that follows from a key, or from a key below it. */
export const linesFrom = (texts: readonly CompiledText[], key: string): CompiledLine[] =>
  texts.flatMap(linesOf).filter(({ keys }) => keys.some((one) => isUnder(one, key)));

/** Every resource of a host that is there because of a key, or of a key below it. */
export const resourcesFrom = (manifest: HostManifest, key: string): Resource[] =>
  manifest.resources.filter(({ origin }) => isUnder(origin, key));
