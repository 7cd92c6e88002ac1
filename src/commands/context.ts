import type { Diagnostic } from '../diagnostic.ts';
import { failure, refuseWarnings } from '../diagnostic.ts';
import { specOf } from '../pipeline.ts';
import { type Assets, loadAssets } from '../project/assets.ts';
import { chooseEnvironment, loadProject, type Project } from '../project/load.ts';
import type { Output } from '../report/apply.ts';
import { type Colors, colorsFor } from '../report/colors.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import { suggest } from '../spec/suggest.ts';
import type { ResolvedHostFile } from '../spec/types.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly file: string;
  readonly env?: string;
  readonly host?: readonly string[];
  readonly json?: boolean;
  /** Whether warnings are errors. */
  readonly strict?: boolean;
}

/** The outside world of a command. Results go to `out`, everything that is said about them to `err`. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  readonly environment: NodeJS.ProcessEnv;
}

/** A project with one of its environments resolved. */
export interface Resolved {
  readonly project: Project;
  readonly assets: Assets;
  readonly spec: ResolvedSpec;
  readonly warnings: readonly Diagnostic[];
}

/** What a command works on: a resolved environment, and the hosts of it that are meant. */
export interface Session extends Resolved {
  readonly hosts: readonly ResolvedHostFile[];
}

/**
 * Reads and resolves what a command works on, and says the warnings.
 *
 * @throws DiagnosticsError with all problems of the files, or with `strict` for a mere warning.
 */
export async function openProject(options: CommonOptions, terminal: Terminal): Promise<Resolved> {
  const assets = await loadAssets();
  const project = loadProject(options.file);
  const environment = chooseEnvironment(project.sources, options.env);
  const { spec, warnings } = specOf(project, environment, assets);
  if (options.strict) refuseWarnings(warnings);
  if (warnings.length > 0 && !options.json) terminal.err.write(`${diagnosticsText(warnings, colorsOf(terminal))}\n`);
  return { project, assets, spec, warnings };
}

/** The same for a command that works on hosts. @throws DiagnosticsError also when no host is meant. */
export async function openSession(options: CommonOptions, terminal: Terminal): Promise<Session> {
  const resolved = await openProject(options, terminal);
  return { ...resolved, hosts: chooseHosts(resolved.spec, options.host) };
}

/** The hosts of an environment that a command means; all of them when none is named. @throws DiagnosticsError for an unknown one. */
export function chooseHosts(spec: ResolvedSpec, named: readonly string[] | undefined): readonly ResolvedHostFile[] {
  const known = spec.hosts.map(({ name }) => name);
  if (known.length === 0) {
    throw failure({
      code: 'environment.no-hosts',
      subject: spec.environment,
      message: `the environment ${spec.environment} has no hosts`,
      fix: `describe one in hosts/${spec.environment}/<host>/host.yaml; the keys are in docs/reference.md`,
    });
  }
  for (const name of named ?? []) {
    if (known.includes(name)) continue;
    const near = suggest(name, known);
    throw failure({
      code: 'host.unknown',
      subject: name,
      message: `the environment ${spec.environment} has no host ${name}; it has ${known.join(', ')}`,
      fix: near ? `did you mean --host ${near}?` : `name one of them: --host ${known[0]}`,
    });
  }
  return named ? spec.hosts.filter(({ name }) => named.includes(name)) : spec.hosts;
}

/** Colours for what is printed as the result. */
export const colorsOf = (terminal: Terminal): Colors => colorsFor(terminal.out, terminal.environment);

/** Prints a value as JSON. */
export const printJson = (terminal: Terminal, value: unknown): void => {
  terminal.out.write(`${JSON.stringify(value, null, 2)}\n`);
};

/** What to type to run another command on the same hosts. */
export function commandLine(verb: string, { file, env, host }: CommonOptions): string {
  const options = [
    ...(file === 'deploy.yaml' ? [] : ['--file', file]),
    ...(env ? ['--env', env] : []),
    ...(host ? ['--host', ...host] : []),
  ];
  return `npm run ${verb}${options.length > 0 ? ` -- ${options.join(' ')}` : ''}`;
}
