/**
 * The page of all diagnostics about deploy.yaml and host.yaml (docs/diagnostics.md): each code with what it looks like, taken from
 * the golden cases, so that no example can be wrong.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cases = fileURLToPath(new URL('../test/cases/', import.meta.url));

/** One diagnostic as people see it, and the golden case that provokes it. */
interface Example {
  readonly code: string;
  readonly severity: string;
  readonly text: string;
  /** How many diagnostics the case has; the fewer, the clearer the example. */
  readonly among: number;
}

const headline = /^\S.* (error|warning): .* \(([a-z]+(?:\.[a-z0-9-]+)+)\)$/;

/** The diagnostics of a golden text: each begins with its headline and ends with its fix. */
function examplesIn(text: string): Example[] {
  const blocks: string[][] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (headline.test(line)) blocks.push([]);
    blocks.at(-1)?.push(line);
  }
  return blocks.map((lines) => {
    const [, severity = '', code = ''] = lines[0]?.match(headline) ?? [];
    const end = lines.findIndex((line) => line.startsWith('  fix: '));
    return { code, severity, text: lines.slice(0, end + 1).join('\n'), among: blocks.length };
  });
}

const allExamples = (): Example[] =>
  readdirSync(cases)
    .sort()
    .map((name) => `${cases}${name}/diagnostics.txt`)
    .filter((path) => existsSync(path))
    .flatMap((path) => examplesIn(readFileSync(path, 'utf8')));

/** Codes that some golden case shows, in their order on the page. */
export const shownCodes = (): string[] => [...new Set(allExamples().map(({ code }) => code))].sort();

const sectionOf = (code: string) => code.split('.')[0] ?? '';

/** The text of docs/diagnostics.md. */
export function diagnosticsPage(): string {
  const examples = allExamples();
  const codes = shownCodes();
  const sections = [...new Set(codes.map(sectionOf))];
  const lines = [
    '<!-- Generated from the golden cases (test/cases) by `npm run generate`: change those. -->',
    '',
    '# Diagnostics',
    '',
    'What `npm run validate` can say about deploy.yaml and host.yaml, by code. Errors stop every command; warnings do with `--strict`.',
    'Each is shown as it looks in one example, with the fix to type.',
  ];
  for (const section of sections) {
    lines.push('', `## ${section}`);
    for (const code of codes.filter((one) => sectionOf(one) === section))
      lines.push('', ...entry(examples.filter((one) => one.code === code)));
  }
  return `${lines.join('\n')}\n`;
}

function entry(examples: readonly Example[]): string[] {
  const [clearest] = [...examples].sort((a, b) => a.among - b.among);
  if (!clearest) return [];
  const severities = [...new Set(examples.map(({ severity }) => severity))].sort().join(' or ');
  return [
    `### \`${clearest.code}\``,
    '',
    `${severities[0]?.toUpperCase()}${severities.slice(1)}.`,
    '',
    '```',
    clearest.text,
    '```',
  ];
}
