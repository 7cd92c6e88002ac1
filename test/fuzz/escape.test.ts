/**
 * No value leaves its place: texts full of what means something are planted in every free text of generated files. Each compiled
 * file, read by a reader of its language, then has the very tokens that it has with harmless texts, and each planted text stands
 * within one token, character by character.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { ProjectFile } from '../../src/compile/project-file.ts';
import { isText } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';
import { type Outcome, outcomeOf } from './compiled.ts';
import { assets, chosenSeed, generated } from './generated.ts';
import { harmless, holdsMark, markedIn, named, planted } from './markers.ts';
import { readerOf } from './readers.ts';
import { hostileText } from './texts.ts';

const seed = chosenSeed();
const count = 60;
const test = suite('planted texts');

type Text = Pick<ProjectFile, 'path' | 'content'>;

/** All texts that a project compiles to, each by its host and path. */
const textsOf = ({ manifests, files }: Outcome): Map<string, Text> => {
  const ofHosts = manifests.flatMap(({ host, resources, companions }) =>
    [...resources.filter(isText), ...companions].map((text): [string, Text] => [`${host.name}:${text.path}`, text]),
  );
  return new Map([...ofHosts, ...files.map((text): [string, Text] => [text.path, text])]);
};

/** How a file with planted texts differs, as its reader sees it, from the same with harmless ones; undefined when it does not. */
function difference(hostile: Text, plain: Text | undefined, marked: ReadonlyMap<string, string>): string | undefined {
  const reader = readerOf(hostile.path);
  if (!reader) return holdsMark(hostile.content) ? 'holds a planted text, and there is no reader of it' : undefined;
  if (!plain) return 'is there with hostile texts alone';
  const harmlessTexts = new Map([...marked.keys()].map((number) => [number, `Mk${number}lMk${number}r`]));
  try {
    const [seen, meant] = [named(reader(hostile.content), marked), named(reader(plain.content), harmlessTexts)];
    const at = seen.findIndex((token, index) => token !== meant[index]);
    if (at >= 0 || seen.length !== meant.length)
      return `reads ${JSON.stringify(seen[at])}, not ${JSON.stringify(meant[at])}`;
    return seen.some(holdsMark) ? 'holds a part of a planted text' : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Planting {
  readonly hostile: Outcome;
  readonly plain: Outcome;
  readonly marked: ReadonlyMap<string, string>;
}

const texts = fc.sample(hostileText, { seed, numRuns: 400 });

/** Generated projects with planted texts, each beside the same with harmless ones. */
const plantings = generated(seed, count).map((project, index): Planting => {
  const rotated = [...texts.slice(index), ...texts.slice(0, index)];
  const hostile = outcomeOf(planted(outcomeOf(project).project, assets.contracts.deploy.schema, rotated));
  return { hostile, plain: outcomeOf(harmless(hostile.project)), marked: markedIn(hostile.project.deploy) };
});

test(`compile, or are refused with a place and a fix (FUZZ_SEED=${seed})`, () => {
  const failures = plantings.flatMap(({ hostile, plain }) => [hostile.failure ?? [], plain.failure ?? []].flat());
  assert.equal(failures, []);
});

test(`arrive as data and nothing else (FUZZ_SEED=${seed})`, () => {
  const problems = plantings.flatMap(({ hostile, plain, marked }) => {
    const meant = textsOf(plain);
    return [...textsOf(hostile)].flatMap(([name, text]) => {
      const said = difference(text, meant.get(name), marked);
      return said === undefined ? [] : [`${name}: ${said.slice(0, 400)}`];
    });
  });
  assert.ok(problems.length === 0, `${problems.length} files:\n${problems.slice(0, 10).join('\n')}`);
});

test('are many, and arrive in files of every language', () => {
  const arrived = new Set<string>();
  let many = 0;
  for (const { hostile, marked } of plantings) {
    many += marked.size;
    for (const { path, content } of textsOf(hostile).values()) {
      if (holdsMark(content))
        arrived.add(path.replace(hostile.spec?.name ?? '', 'NAME').replace(/(worker|job)-[a-z0-9-]+/, '$1'));
    }
  }
  assert.ok(many > count * 5, String(many));
  assert.ok(arrived.size >= 8, [...arrived].join('\n'));
});

test('the control: a template that does not escape is caught in every language', () => {
  const marked = new Map([['1', 'Mk1l"; evil on; \' # \n$Mk1r']]);
  const plain = new Map([['1', 'Mk1lMk1r']]);
  const careless: Readonly<Record<string, (value: string) => string>> = {
    '/etc/nginx/sites-available/a.conf': (value) => `server { add_header X ${value}; }\n`,
    '/etc/systemd/system/a.service': (value) => `[Service]\nExecStart=/bin/true ${value}\n`,
    '/etc/fairlead/a/app.env': (value) => `A="${value}"\n`,
    '/etc/postgresql/17/main/conf.d/a.conf': (value) => `application_name = '${value}'\n`,
    'containers/compose.development.yaml': (value) => `services:\n  app:\n    command: ${value}\n`,
    'containers/Dockerfile': (value) => `FROM a\nCMD ["${value}"]\n`,
    '/etc/fairlead/a/drill-checks.sql': (value) => `SELECT 1\n${value}\n`,
  };
  for (const [path, write] of Object.entries(careless)) {
    const [hostile, meant] = [marked, plain].map((texts) => ({ path, content: write(texts.get('1') ?? '') }));
    assert.ok(hostile && difference(hostile, meant, marked) !== undefined, path);
  }
});

test.run();
