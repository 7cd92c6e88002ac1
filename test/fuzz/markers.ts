/** Plants marked texts in every free text of a project, and finds them again in what it compiles to. */
import { type Schema, schemaAt } from '../../src/spec/schema.ts';
import { pathsIn, valueAt, withValue } from './edit.ts';
import type { Generated, Plain } from './spec.ts';

/** A text that was planted; `left` and `right` are unique, what stands between them is hostile or harmless. */
export interface Marker {
  readonly left: string;
  readonly right: string;
}

const marker = (number: number): Marker => ({ left: `Mk${number}l`, right: `Mk${number}r` });

/** Whether people may write anything there: no pattern, or one that only asks for one line. */
function isFree(schema: Schema | undefined): boolean {
  const types = [schema?.type].flat();
  return types.includes('string') && !schema?.enum && (!schema?.pattern || schema.pattern.startsWith('^[^'));
}

/** Keys that hold a command which runs without a shell: the words in quotes are free. */
const isHostCommand = (text: string) => /^node /.test(text);

/** A project with a marked text in every free text, each around the next of `texts`; those of several lines only where they may be. */
export function planted(project: Generated, schema: Schema, texts: readonly string[]): Generated {
  const places = pathsIn(project.deploy).filter((path) => {
    const inside = path[0] === 'environments' ? path.slice(2) : path;
    return (
      inside[0] !== 'patches' && typeof valueAt(project.deploy, path) === 'string' && isFree(schemaAt(schema, inside))
    );
  });
  const deploy = places.reduce<unknown>((before, path, number) => {
    const { left, right } = marker(number);
    const inside = path[0] === 'environments' ? path.slice(2) : path;
    const core = texts[number % texts.length] ?? '';
    const text = `${left}${schemaAt(schema, inside)?.pattern ? core.replaceAll(/[\n\t]/g, ' ') : core}${right}`;
    const whole = isHostCommand(String(valueAt(before, path))) ? `node server.js '${text.replaceAll("'", '')}'` : text;
    return withValue(before, path, whole);
  }, project.deploy) as Plain;
  return { ...project, deploy };
}

const anyMarked = /Mk(\d+)l([\s\S]*?)Mk\1r/g;

/** The marked texts in the values of a project, by the name of their marker. */
export function markedIn(content: unknown): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of pathsIn(content)) {
    const value = valueAt(content, path);
    if (typeof value !== 'string') continue;
    for (const [whole, number = ''] of value.matchAll(anyMarked)) found.set(number, whole);
  }
  return found;
}

/** The same content with nothing between the marks. */
export const harmless = <Content>(content: Content): Content =>
  JSON.parse(JSON.stringify(content), (_key, value) =>
    typeof value === 'string'
      ? value.replaceAll(anyMarked, (_whole, number: string) => `Mk${number}lMk${number}r`)
      : value,
  );

/** Tokens with each text of `marked` that stands in one, character by character, given way to its name. */
export const named = (tokens: readonly string[], marked: ReadonlyMap<string, string>): string[] =>
  tokens.map((token) =>
    [...marked].reduce((text, [number, whole]) => text.replaceAll(whole, () => `<text ${number}>`), token),
  );

/** Whether a text holds a mark, whole or in part. */
export const holdsMark = (text: string): boolean => /Mk\d+[lr]/.test(text);
