import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  Pair,
  YAMLMap,
  type YAMLSeq,
  type Document as YamlDocument,
} from 'yaml';
import { codeFrame, type Diagnostic, type Position } from '../diagnostic.ts';

/** A text file as it was read; `path` is relative to the project folder and is what people see in messages. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Keys and indexes from the root of a document to one of its values. */
export type KeyPath = readonly (string | number)[];

/** A place in a document: the key of an entry, or its value. */
export type Part = 'key' | 'value';

/** One entry of a map or a list as the file holds it. */
export interface Entry {
  readonly parent: YAMLMap | YAMLSeq;
  readonly index: number;
}

/** A YAML file whose values still know their line and column, also after an environment was merged over it. */
export class Document {
  private constructor(
    readonly file: SourceFile,
    private readonly root: Node | null,
    private readonly lines: LineCounter,
    private readonly plain: unknown,
    /** Offsets of the environment's map that was merged over the rest. */
    private readonly overlay: readonly [number, number] = [0, 0],
  ) {}

  /** Takes a parsed file whose errors were already reported. `plain` is its content as plain values. */
  static of(file: SourceFile, parsed: YamlDocument.Parsed, lines: LineCounter, plain: unknown): Document {
    return new Document(file, parsed.contents, lines, plain);
  }

  /** The content as plain values. */
  toPlain(): unknown {
    return this.plain;
  }

  /** Whether the file itself says something at a key path. */
  has(path: KeyPath): boolean {
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | null | undefined)?.[key],
      this.plain,
    );
    return value !== undefined;
  }

  /** Where a key path stands; the nearest ancestor that exists when it does not stand in the file. */
  locate(path: KeyPath, part: Part = 'value'): Position {
    const { offset } = this.find(path, part);
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file.path, line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** The entry at a key path as it stands in the file; undefined when the file does not hold it itself. */
  entry(path: KeyPath): Entry | undefined {
    const parent = this.node(path.slice(0, -1));
    const key = path.at(-1);
    if (isMap(parent)) {
      const index = parent.items.findIndex((item) => keyOf(item) === String(key));
      return index < 0 ? undefined : { parent, index };
    }
    return isSeq(parent) && parent.items[Number(key)] !== undefined ? { parent, index: Number(key) } : undefined;
  }

  /** Whether two keys of the map at a path stand in one map of the file, and not one of them in the environment's. */
  standTogether(path: KeyPath, one: string, other: string): boolean {
    const [from, to] = this.overlay;
    const [first, second] = [one, other].map((key) => {
      const { parent, index } = this.entry([...path, key]) ?? {};
      const offset = rangeOf((parent as YAMLMap | undefined)?.items[index ?? -1]?.key as Node | undefined)?.offset;
      return offset === undefined ? undefined : offset >= from && offset < to;
    });
    return first !== undefined && first === second;
  }

  /** The node at a key path, aliases not followed. */
  node(path: KeyPath): Node | null | undefined {
    return path.reduce<Node | null | undefined>((at, key) => {
      if (isMap(at)) return at.items.find((item) => keyOf(item) === String(key))?.value as Node | null | undefined;
      return isSeq(at) ? (at.items[Number(key)] as Node | undefined) : undefined;
    }, this.root);
  }

  /** A diagnostic at a key path, with its code frame. */
  problem(path: KeyPath, part: Part, problem: Omit<Diagnostic, 'at' | 'frame' | 'key'>): Diagnostic {
    const at = this.locate(path, part);
    const { length } = this.find(path, part);
    return { ...problem, at, key: path, frame: codeFrame(this.file.text, at.line, at.column, length) };
  }

  /**
   * This document with the map at `environments.<name>` merged over it: maps key by key, while lists and single
   * values replace what was there. A map takes the place of nothing else, so that validation sees what is no map where
   * one should be. `environments` itself stays.
   */
  overlaid(environment: string): Document {
    const path = ['environments', environment];
    const overlay = isMap(this.root) ? this.root.getIn(path, true) : undefined;
    const over = path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), this.plain);
    if (!isMap(this.root) || !isMap(overlay) || !isRecord(over) || !isRecord(this.plain)) return this;
    const [from = 0, to = 0] = overlay.range ?? [];
    return new Document(this.file, mergeMaps(this.root, overlay), this.lines, mergePlain(this.plain, over), [from, to]);
  }

  private find(path: KeyPath, part: Part): { offset: number; length: number } {
    let node: Node | null | undefined = this.root;
    let found = rangeOf(this.root);
    for (const [depth, key] of path.entries()) {
      const pair = isMap(node) ? node.items.find((item) => keyOf(item) === String(key)) : undefined;
      const next = pair ? pair.value : isSeq(node) ? (node.items[Number(key)] as Node) : undefined;
      if (!pair && next === undefined) break;
      const wantsKey = pair !== undefined && (part === 'key' || next === null || depth < path.length - 1);
      found = (wantsKey ? rangeOf(pair.key as Node) : rangeOf(next as Node)) ?? found;
      node = next as Node;
    }
    return found ?? { offset: 0, length: 1 };
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function keyOf(item: unknown): string | undefined {
  return isPair(item) && isScalar(item.key) ? String(item.key.value) : undefined;
}

function rangeOf(node: Node | null | undefined): { offset: number; length: number } | undefined {
  const range = node?.range;
  return range ? { offset: range[0], length: Math.max(1, range[1] - range[0]) } : undefined;
}

function withItems(map: YAMLMap, items: YAMLMap['items']): YAMLMap {
  const copy = new YAMLMap();
  copy.items = items;
  copy.range = map.range ?? null;
  return copy;
}

function mergeMaps(base: YAMLMap, over: YAMLMap): YAMLMap {
  const items = [...base.items];
  for (const item of over.items) {
    const index = items.findIndex((candidate) => keyOf(candidate) === keyOf(item));
    const before = items[index];
    if (!before) items.push(item);
    else if (isMap(before.value) && isMap(item.value))
      items[index] = new Pair(before.key, mergeMaps(before.value, item.value));
    else if (!isMap(item.value)) items[index] = item;
  }
  return withItems(base, items);
}

function mergePlain(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    if (isRecord(before) && isRecord(value)) merged[key] = mergePlain(before, value);
    else if (before === undefined || !isRecord(value)) merged[key] = value;
  }
  return merged;
}
