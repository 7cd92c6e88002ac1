/** Brings generated projects to validity as people do: read what is wrong and where, type the fix, try again. */
import { parse } from 'yaml';
import { type Diagnostic, DiagnosticsError } from '../../src/diagnostic.ts';
import type { KeyPath } from '../../src/spec/document.ts';
import { edited } from '../../src/spec/edits.ts';
import { type Contracts, type ResolvedSpec, resolve } from '../../src/spec/resolve.ts';
import { deref, type Schema, schemaAt } from '../../src/spec/schema.ts';
import { pathsIn, valueAt, without, withValue } from './edit.ts';
import { environment, filesOf, hostPath, sourcesOf } from './project.ts';
import type { Generated, Plain } from './spec.ts';

/** A project that is valid, and how often it had to be corrected. */
export interface Settled {
  readonly project: Generated;
  readonly spec: ResolvedSpec;
  readonly rounds: number;
}

/** A project that no repair made valid, with what is still wrong. */
export interface Stuck {
  readonly project: Generated;
  readonly problems: readonly Diagnostic[];
}

const mostRounds = 40;

/** Corrects a project until it is valid or the rounds are over. @throws whatever is no diagnostic: a crash of the program. */
export function settle(generated: Generated, contracts: Contracts): Settled | Stuck {
  const tries = new Map<string, number>();
  let project = withOwnAddresses(withSecrets(generated, contracts.deploy.schema));
  for (let rounds = 0; ; rounds++) {
    const problems = problemsOf(project, contracts);
    if (!Array.isArray(problems)) return { project, spec: problems as ResolvedSpec, rounds };
    if (rounds === mostRounds) return { project, problems };
    // From the last to the first, so that offsets and indexes stay what they were.
    const seen = filesOf(project);
    for (const problem of problems.toReversed()) {
      if (stillFits(problem, seen, filesOf(project))) project = repaired(project, problem, contracts, tries);
    }
    project = withOwnAddresses(withSecrets(project, contracts.deploy.schema));
  }
}

/** Whether a change of the text can be made where it was seen: another repair of the same round may have changed what stands before it. */
function stillFits({ at, edit }: Diagnostic, seen: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>) {
  const beginning = (files: ReadonlyMap<string, string>) => files.get(at?.file ?? '')?.slice(0, edit?.to);
  return edit === undefined || beginning(seen) === beginning(now);
}

function problemsOf(project: Generated, contracts: Contracts): ResolvedSpec | Diagnostic[] {
  try {
    return resolve(sourcesOf(project), environment, contracts).spec;
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    return error.diagnostics.filter(({ severity }) => severity === 'error');
  }
}

/** One change of a file; the n-th time that a problem is met, its n-th repair is tried. */
function repaired(
  project: Generated,
  problem: Diagnostic,
  contracts: Contracts,
  tries: Map<string, number>,
): Generated {
  const file = problem.at?.file ?? '';
  const host = Object.keys(project.hosts).find((name) => hostPath(name) === file);
  const before = host === undefined ? project.deploy : project.hosts[host];
  const { schema } = host === undefined ? contracts.deploy : contracts.host;
  const repairs = repairsFor(problem, schema, before, filesOf(project).get(file) ?? '');
  const name = [problem.code, file, ...(problem.key ?? [])].join('\0');
  const count = tries.get(name) ?? 0;
  tries.set(name, count + 1);
  const after = repairs[count % Math.max(1, repairs.length)]?.(before) as Plain | undefined;
  if (after === undefined) return project;
  if (host === undefined) return { ...project, deploy: after };
  return { ...project, hosts: { ...project.hosts, [host]: after } };
}

type Repair = (content: unknown) => unknown;

/** What a reader would try: what the fix says to type, then to leave the value out, then what stands around it. */
function repairsFor({ key = [], fix, edit }: Diagnostic, schema: Schema, content: unknown, text: string): Repair[] {
  const offered = edit ? [(): unknown => parse(edited(text, edit))] : [];
  const value = fix.match(/\bset it to ([\w./-]+)/)?.[1];
  const typed = [
    ...(value === undefined ? [] : [inBoth(key, parse(value))]),
    ...settings(fix, schema),
    ...additions(fix, schema),
  ];
  const outward = key.map((_part, depth) => key.slice(0, key.length - depth));
  const present = outward.filter((path) => valueAt(content, path) !== undefined || overlaid(content, path));
  const dropped = present.map(
    (path): Repair =>
      (before) =>
        without(without(before, path), overlay(path)),
  );
  return [...offered, ...typed, ...dropped];
}

const overlay = (path: KeyPath): KeyPath => ['environments', environment, ...path];

const overlaid = (content: unknown, path: KeyPath) => valueAt(content, overlay(path)) !== undefined;

const inBoth =
  (path: KeyPath, value: unknown): Repair =>
  (before) => {
    const base = withValue(before, path, value);
    return overlaid(before, path) ? withValue(base, overlay(path), value) : base;
  };

/** `app.network: true` in a fix: set it. */
function settings(fix: string, schema: Schema): Repair[] {
  return [...fix.matchAll(/\b([a-z][A-Za-z0-9]*(?:\.[a-zA-Z0-9]+)*): ([\w./-]+|\[[^\]]*\])/g)].flatMap(
    ([, dotted = '', text = '']) => {
      const path = dotted.split('.');
      return schemaAt(schema, path) ? [inBoth(path, parse(text.replace(/[.,;]$/, '')))] : [];
    },
  );
}

/** `add tls.email` in a fix: add its example. */
function additions(fix: string, schema: Schema): Repair[] {
  return [...fix.matchAll(/\b(?:add|set|give|write) ([a-z][A-Za-z0-9]*(?:\.[a-zA-Z0-9]+)*)(?![\w:])/g)].flatMap(
    ([, dotted = '']) => {
      const path = dotted.split('.');
      const example = schemaAt(schema, path)?.examples?.[0];
      return example === undefined ? [] : [inBoth(path, example)];
    },
  );
}

/** Addresses of examples: each host gets one of its own. */
const exampleAddresses: Readonly<Record<string, string>> = { address: '192.0.2.10', privateAddress: '10.0.0.11' };

/** The project with an address of its own for every host that was given that of an example. */
function withOwnAddresses(project: Generated): Generated {
  const own = (content: Plain, index: number): Plain =>
    Object.fromEntries(
      Object.entries(content).map(([key, value]) => [
        key,
        value === exampleAddresses[key] ? String(value).replace(/\d+$/, String(100 + index)) : value,
      ]),
    );
  const hosts = Object.entries(project.hosts).map(([name, content], index) => [name, own(content, index)]);
  return { ...project, hosts: Object.fromEntries(hosts) };
}

/** The project with every secret declared that some key uses, by the sources that were generated, and no other. */
function withSecrets(project: Generated, schema: Schema): Generated {
  const used = new Set(pathsIn(project.deploy).flatMap((path) => secretAt(project.deploy, path, schema)));
  const declared = (project.deploy.secrets ?? {}) as Plain;
  if (typeof declared !== 'object' || Array.isArray(declared)) return project;
  const kept = Object.entries(declared).filter(([name]) => used.has(name));
  const sources = Object.values(declared);
  const added = [...used]
    .filter((name) => !Object.hasOwn(declared, name))
    .map((name, index) => [name, sources[index] ?? { from: 'env' }]);
  const { secrets: _before, ...deploy } = project.deploy;
  const secrets = Object.fromEntries([...kept, ...added]);
  return { ...project, deploy: Object.keys(secrets).length > 0 ? { ...deploy, secrets } : deploy };
}

function secretAt(deploy: Plain, path: KeyPath, schema: Schema): string[] {
  const value = valueAt(deploy, path);
  const place = path[0] === 'environments' ? path.slice(2) : path;
  const at = schemaAt(schema, place);
  return typeof value === 'string' && at && deref(schema, at)['x-secret'] ? [value] : [];
}
