/** Judges of texts that no program of a host reads as a whole: each says what is wrong. */
import { validateCompose } from './compose.ts';
import { workflowProblems } from './workflows.ts';

type JudgeOfText = (path: string, text: string) => string[];

const everyLine =
  (accepts: RegExp, what: string): JudgeOfText =>
  (_path, text) =>
    text
      .trimEnd()
      .split('\n')
      .flatMap((line, index) =>
        line.startsWith('#') || accepts.test(line) ? [] : [`line ${index + 1} is no ${what}: ${line}`],
      );

/** Tags that the maintenance page is made of; what a value brought in would be another one. */
function page(_path: string, text: string): string[] {
  const known = /^(!doctype|!--|\/?(html|head|meta|title|style|body|main|h1|p)\b)/i;
  const tags = [...text.matchAll(/<([^>]*)/g)].map(([, inside = '']) => inside);
  const entities = [...text.matchAll(/&(?!(amp|lt|gt|quot|#39|#x[0-9a-f]+|#[0-9]+);)/gi)];
  return [
    ...tags.filter((inside) => !known.test(inside)).map((inside) => `an unknown tag: <${inside}`),
    ...entities.map(({ index }) => `a bare & at ${index}`),
  ];
}

const instructions = /^(FROM|RUN|COPY|WORKDIR|ENV|USER|EXPOSE|HEALTHCHECK|CMD|ENTRYPOINT|ARG|LABEL|STOPSIGNAL|SHELL)\s/;

/** Instructions of a Dockerfile with their continued lines (docs.docker.com/reference/dockerfile), and commands in JSON. */
function dockerfile(_path: string, text: string): string[] {
  const joined = text.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  const lines = joined.split('\n').filter((line) => line.trim() !== '');
  const unknown = lines.filter((line) => !instructions.test(line)).map((line) => `no instruction: ${line}`);
  const commands = lines.flatMap((line) => line.match(/^(?:HEALTHCHECK .*)?(?:CMD|ENTRYPOINT) (.*)/)?.[1] ?? []);
  return [...unknown, ...commands.filter((one) => !isListOfTexts(one)).map((one) => `no list of words: ${one}`)];
}

function isListOfTexts(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');
  } catch {
    return false;
  }
}

/** By the names in judges.ts. */
export const judgesOfTexts: Readonly<Record<string, JudgeOfText>> = {
  page,
  dockerfile,
  htpasswd: everyLine(/^[A-Za-z0-9_-]+:@@[A-Z][A-Z0-9_]*:crypt@@$/, 'user with a hash'),
  pgpass: everyLine(/^(([^:\\]|\\.)+:){4}@@[A-Z][A-Z0-9_]*(:pgpass)?@@$/, 'line of four fields and a secret'),
  words: everyLine(/^[a-z_][a-z0-9_-]*$/, 'name'),
  lines: everyLine(/^[^\u0000-\u0008\u000b-\u001f]*$/, 'line of text'),
  compose: (_path, text) => validateCompose(text),
  workflow: (path, text) => workflowProblems(path, text),
};
