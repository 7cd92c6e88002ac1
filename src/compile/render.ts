import type HandlebarsWhole from 'handlebars';
import runtime from 'handlebars/runtime.js';
import { escapeFor, type Grammar } from './escape.ts';
import { isTraced, type Traced } from './trace.ts';

/** Precompiled Handlebars templates by name, such as `nginx/site.conf`. They are made at the edge (project/assets). */
export type Templates = Readonly<Record<string, unknown>>;

/** What a template may see: traced values, plain flags, and lists and maps of them. */
export interface Context {
  readonly [name: string]: Traced | boolean | Context | readonly Context[] | readonly Traced[] | undefined;
}

/** A rendered file. `lines[i]` holds the keys of deploy.yaml that line i (from 0) follows from. */
export interface Rendered {
  readonly text: string;
  readonly lines: readonly (readonly string[])[];
}

// Private-use characters around a key; `written` refuses values that hold one.
const OPEN = '\u{F0000}';
const CLOSE = '\u{F0001}';
const BLOCK_END = '\u{F0002}';
// All three begin with the same half of a surrogate pair; looking for it is the cheapest way to see that a line has none.
const FIRST_HALF = '\uDB80';
const mark = (key: string) => `${OPEN}${key}${CLOSE}`;

// The runtime alone is enough for precompiled templates, and loads in a tenth of the time; its types are the whole's.
const engine = (runtime as unknown as typeof HandlebarsWhole).create();

/** {{#when flag}}…{{/when}}: the block when the traced flag is true, its lines traced to the flag. */
engine.registerHelper('when', function (this: unknown, flag: unknown, options: HandlebarsWhole.HelperOptions) {
  const { key, on } = flag as { key: string; on: boolean };
  return on ? `${mark(key)}${OPEN}${options.fn(this)}${BLOCK_END}` : '';
});

const loadedTemplates = new WeakMap<Templates, Readonly<Record<string, HandlebarsWhole.TemplateDelegate>>>();

/** All templates as functions; each is a partial to the others: {{> systemd/hardening}}. */
function loaded(templates: Templates): Readonly<Record<string, HandlebarsWhole.TemplateDelegate>> {
  const known = loadedTemplates.get(templates);
  if (known) return known;
  const functions = Object.fromEntries(
    Object.entries(templates).map(([name, one]) => [name, engine.template(one as TemplateSpecification)]),
  );
  loadedTemplates.set(templates, functions);
  return functions;
}

/**
 * Fills a template. Every value is escaped for `grammar` before the template sees it, so a template cannot forget to.
 *
 * @throws UnwritableValue when a value cannot stand in a file of this grammar.
 */
export function render(templates: Templates, name: string, grammar: Grammar, context: Context): Rendered {
  const partials = loaded(templates);
  const template = partials[name];
  if (!template) throw new Error(`there is no template ${name}`);
  return unmark(template(prepare(context, grammar), { allowProtoPropertiesByDefault: false, partials }));
}

function prepare(value: unknown, grammar: Grammar): unknown {
  if (isTraced(value))
    return typeof value.value === 'boolean' ? { key: value.key, on: value.value } : written(value, grammar);
  if (Array.isArray(value)) return value.map((one) => prepare(one, grammar));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, prepare(one, grammar)]));
}

function written({ key, value, as }: Traced, grammar: Grammar): string {
  const text = String(value);
  if (/[\u{F0000}-\u{F0002}]/u.test(text)) throw new Error(`${key} holds a character that is reserved for tracing`);
  return mark(key) + escapeFor(text, as ?? grammar);
}

/** Takes the marks out of the text and says which keys each line carried. */
function unmark(marked: string): Rendered {
  const blocks: string[] = [];
  let last = '';
  const lines: string[][] = [];
  const text = marked.split('\n').map((line) => {
    if (!line.includes(FIRST_HALF)) {
      lines.push(blocks.length > 0 ? [...new Set(blocks)] : []);
      return line;
    }
    const ended = line.match(/^\u{F0002}+/u)?.[0] ?? '';
    for (const _ of ended) blocks.pop();
    const keys = new Set(blocks);
    const plain = line
      .slice(ended.length)
      .replaceAll(/\u{F0000}([^\u{F0001}\u{F0000}]*)\u{F0001}|\u{F0000}|\u{F0002}/gu, (found, key?: string) => {
        if (key !== undefined) last = key;
        else if (found === OPEN) blocks.push(last);
        else blocks.pop();
        if (key !== undefined || found === OPEN) keys.add(last);
        return '';
      });
    lines.push([...keys]);
    return plain;
  });
  return { text: text.join('\n'), lines };
}
