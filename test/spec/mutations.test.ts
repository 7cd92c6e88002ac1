/** Files with one mistake are refused at the line of the mistake, and a fix that leaves no choice makes them valid. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type Diagnostic, DiagnosticsError } from '../../src/diagnostic.ts';
import { loadProject } from '../../src/project/load.ts';
import { edited } from '../../src/spec/edits.ts';
import { environmentsOf, resolve, type Sources } from '../../src/spec/resolve.ts';
import { assets, chosenSeed, generated } from '../fuzz/generated.ts';
import { environment, sourcesOf } from '../fuzz/project.ts';
import { settle } from '../fuzz/repair.ts';
import { suite } from '../support/suite.ts';
import { type Choice, type Mutation, mutations, spotsOf } from './mutations.ts';

const wanted = 2000;
const seed = chosenSeed();
const kinds = Object.keys(mutations);
const test = suite('files with a mistake');

/** A valid file with what else its project consists of. */
interface Base {
  readonly name: string;
  readonly sources: Sources;
  readonly environment: string;
  readonly spots: ReturnType<typeof spotsOf>;
}

/** What is wrong; nothing when the file is valid. */
function errorsOf({ sources, environment }: Pick<Base, 'sources' | 'environment'>, text: string): Diagnostic[] {
  try {
    resolve({ ...sources, deploy: { path: 'deploy.yaml', text } }, environment, assets.contracts);
    return [];
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    return error.diagnostics.filter(({ severity }) => severity === 'error');
  }
}

const base = (name: string, sources: Sources, environment: string): Base[] =>
  errorsOf({ sources, environment }, sources.deploy.text).length > 0
    ? []
    : [{ name, sources, environment, spots: spotsOf(assets.contracts.deploy.schema, sources.deploy.text) }];

function casesIn(folder: string): Base[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      try {
        const { sources } = loadProject(join(folder, name, 'deploy.yaml'));
        return base(name, sources, environmentsOf(sources)[0] ?? 'production');
      } catch {
        return [];
      }
    });
}

const generatedFiles = (): Base[] =>
  generated(seed, 40).flatMap((project, index) =>
    base(`generated ${index}`, sourcesOf(settle(project, assets.contracts).project), environment),
  );

const bases = [...casesIn(fileURLToPath(new URL('../cases', import.meta.url))), ...generatedFiles()];

interface Mutated extends Mutation {
  readonly base: Base;
  readonly kind: string;
  readonly errors: readonly Diagnostic[];
}

/** One mistake in one file; undefined when the file has no place for it, or is still valid with it. */
function mutated({ file, kind: number, ...choice }: Choice & { file: number; kind: number }): Mutated | undefined {
  const base = bases[file % bases.length] as Base;
  const kind = kinds[number % kinds.length] ?? '';
  const mutation = mutations[kind]?.(base.sources.deploy.text, base.spots, choice);
  const errors = mutation ? errorsOf(base, mutation.text) : [];
  return mutation && errors.length > 0 ? { ...mutation, base, kind, errors } : undefined;
}

/** The first mutations of a seed that break their file. */
function mutants(count: number): Mutated[] {
  const number = fc.nat(2 ** 30);
  const choices = fc.record({ file: number, kind: number, place: number, variant: number });
  const found: Mutated[] = [];
  for (const choice of fc.sample(choices, { seed, numRuns: count * 3 })) {
    const one = found.length < count ? mutated(choice) : undefined;
    if (one) found.push(one);
  }
  return found;
}

const all = mutants(wanted);

const shown = ({ kind, base: { name }, line, text, errors }: Mutated) =>
  [
    `${kind}, in ${name}, line ${line}: ${text.split('\n')[line - 1]}`,
    ...errors
      .slice(0, 3)
      .map(({ at, code, message, fix }) => `    ${at?.file}:${at?.line} ${code} ${message} | ${fix}`),
  ].join('\n');

const places = ({ errors, line }: Mutated) => errors.filter(({ at }) => at?.file === 'deploy.yaml' && at.line === line);

test(`there are ${wanted} of them, of every kind (FUZZ_SEED=${seed})`, () => {
  console.log(`  ${all.length} mistakes in ${bases.length} files, FUZZ_SEED=${seed}`);
  assert.is(all.length, wanted);
  for (const kind of kinds) {
    const count = all.filter((one) => one.kind === kind).length;
    assert.ok(count >= 5, `${kind}: ${count}`);
  }
});

const failing = (title: string, bad: readonly Mutated[]) =>
  assert.ok(bad.length === 0, `${bad.length} of ${all.length} ${title}:\n${bad.slice(0, 12).map(shown).join('\n')}`);

test('are reported on the line of the mistake', () => {
  failing(
    'are reported elsewhere',
    all.filter((one) => places(one).length === 0),
  );
});

/** The file after every edit that is offered for the line of the mistake, the last in the file first. */
function corrected(one: Mutated): string | undefined {
  const edits = places(one).flatMap(({ edit }) => (edit ? [edit] : []));
  const ordered = edits.sort((a, b) => b.from - a.from);
  return edits.length > 0 ? ordered.reduce(edited, one.text) : undefined;
}

/** Kinds that lose what was meant: the edit makes the file one of this schema, and what else is to be said comes next. */
const lossy = ['a required key is deleted', 'a value has another type', 'a value is left empty'];

test('become valid by the edit that comes with them', () => {
  const offered = all.filter((one) => corrected(one) !== undefined);
  assert.ok(offered.length > wanted / 4, `${offered.length} edits`);
  const left = (one: Mutated) => errorsOf(one.base, corrected(one) ?? '');
  failing(
    'are still wrong after their edit',
    offered.filter((one) => !lossy.includes(one.kind) && left(one).length > 0),
  );
  failing(
    'are still no file of this schema after their edit',
    offered.filter((one) => left(one).some(({ code }) => /^(schema|yaml)\./.test(code))),
  );
});

/** Kinds whose fix leaves no choice. */
const mechanical = [
  'a required key is deleted',
  'a key stands twice',
  'a value stands without the brackets or quotes that it needs',
];

test('come with an edit where there is one way to correct them', () => {
  failing(
    'come without an edit',
    all.filter((one) => mechanical.includes(one.kind) && corrected(one) === undefined),
  );
  const meant = (one: Mutated) =>
    places(one).filter(({ fix }) => /^(did you mean|put quotes|take the quotes)/.test(fix));
  failing(
    'say what is meant without an edit',
    all.filter((one) => meant(one).some(({ edit }) => edit === undefined)),
  );
});

test('the control: a mistake that is reported elsewhere is seen', () => {
  const [one] = all;
  assert.ok(one);
  assert.is(places({ ...one, line: 100_000 }).length, 0);
});

test.run();
