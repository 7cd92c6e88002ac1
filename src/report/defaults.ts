import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { printable } from '../diagnostic.ts';
import type { Origin, OriginatedValue } from '../spec/origins.ts';

/** An origin in a few words: `deploy.yaml:14`, `environments.staging (deploy.yaml:60)`, `default: why`, `from name`. */
export function originText(origin: Origin): string {
  if (origin.kind === 'derived') return `from ${origin.from}`;
  if (origin.kind === 'default') return origin.because === undefined ? 'default' : `default: ${origin.because}`;
  const place = `${origin.at.file}:${origin.at.line}`;
  return origin.environment === undefined ? place : `environments.${origin.environment} (${place})`;
}

/** The resolved file of one environment as YAML, each value with its origin in a comment behind it. */
export function resolvedText(environment: string, values: readonly OriginatedValue[]): string {
  const document = new Document();
  const root = new YAMLMap();
  for (const { path, value, origin } of values) place(root, path, leaf(value, ` ${printable(originText(origin))}`));
  document.contents = root as never;
  const head = `# deploy.yaml as it is resolved for the environment ${environment}, with the origin of every value.`;
  return `${head}\n${document.toString({ lineWidth: 0 })}`;
}

/** A single value, or an empty list or map, with a comment behind it. */
function leaf(value: unknown, comment: string): Scalar | YAMLMap | YAMLSeq {
  const node = Array.isArray(value) ? new YAMLSeq() : isMap(value) ? new YAMLMap() : new Scalar(value);
  if (!(node instanceof Scalar)) node.flow = true;
  else if (typeof value === 'string' && value.includes('\n')) node.type = 'QUOTE_DOUBLE';
  node.comment = comment;
  return node;
}

const isMap = (value: unknown) => typeof value === 'object' && value !== null;

/** Puts a node at a key path, making the lists and maps on the way; paths come in the order of the file. */
function place(root: YAMLMap, path: readonly (string | number)[], node: unknown): void {
  let at: YAMLMap | YAMLSeq = root;
  for (const [depth, key] of path.entries()) {
    const next = path[depth + 1];
    const child =
      next === undefined ? node : (childOf(at, key) ?? (typeof next === 'number' ? new YAMLSeq() : new YAMLMap()));
    if (childOf(at, key) === undefined) append(at, key, child);
    at = child as YAMLMap | YAMLSeq;
  }
}

const childOf = (parent: YAMLMap | YAMLSeq, key: string | number) =>
  parent instanceof YAMLSeq
    ? parent.items[Number(key)]
    : parent.items.find((pair) => (pair.key as Scalar).value === key)?.value;

const append = (parent: YAMLMap | YAMLSeq, key: string | number, child: unknown) =>
  parent instanceof YAMLSeq ? parent.items.push(child) : parent.items.push(new Pair(new Scalar(key), child) as never);
