import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  Pair,
  YAMLMap,
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

/** A YAML file whose values still know their line and column, also after an environment was merged over it. */
export class Document {
  private constructor(
    readonly file: SourceFile,
    private readonly root: Node | null,
    private readonly lines: LineCounter,
    private readonly plain: unknown,
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

  /** A diagnostic at a key path, with its code frame. */
  problem(path: KeyPath, part: Part, problem: Omit<Diagnostic, 'at' | 'frame'>): Diagnostic {
    const at = this.locate(path, part);
    const { length } = this.find(path, part);
    return { ...problem, at, frame: codeFrame(this.file.text, at.line, at.column, length) };
  }

  /**
   * This document with the map at `environments.<name>` merged over it: maps key by key, while lists and single
   * values replace what was there. `environments` itself stays.
   */
  overlaid(environment: string): Document {
    const path = ['environments', environment];
    const overlay = isMap(this.root) ? this.root.getIn(path, true) : undefined;
    const over = path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), this.plain);
    if (!isMap(this.root) || !isMap(overlay) || !isRecord(over) || !isRecord(this.plain)) return this;
    return new Document(this.file, mergeMaps(this.root, overlay), this.lines, mergePlain(this.plain, over));
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
    else items[index] = item;
  }
  return withItems(base, items);
}

function mergePlain(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isRecord(before) && isRecord(value) ? mergePlain(before, value) : value;
  }
  return merged;
}
