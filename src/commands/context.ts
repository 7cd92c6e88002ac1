import type { Diagnostic, EndingSignal } from '../diagnostic.ts';
import { failure, refuseWarnings } from '../diagnostic.ts';
import { specOf } from '../pipeline.ts';
import { type Assets, loadAssets } from '../project/assets.ts';
import { chooseEnvironment, loadProject, type Project } from '../project/load.ts';
import { type Colors, colorsFor } from '../report/colors.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import type { Output } from '../report/live.ts';
import type { CommandFor } from '../report/outcomes.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import { suggest } from '../spec/suggest.ts';
import type { ResolvedHostFile } from '../spec/types.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly file: string;
  readonly env?: string;
  readonly host?: readonly string[];
  readonly role?: readonly string[];
  readonly json?: boolean;
  /** Whether warnings are errors. */
  readonly strict?: boolean;
}

/** The outside world of a command. Results go to `out`, everything that is said about them to `err`. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  readonly environment: NodeJS.ProcessEnv;
  /** Has something done before a signal ends the command; what it returns takes that back. Absent where no signal can. */
  readonly onInterrupt?: (leave: (signal: EndingSignal) => void) => () => void;
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
  /** What to type to go on with some of them. */
  readonly commandFor: CommandFor;
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
  if (warnings.length > 0 && !options.json)
    terminal.err.write(`${diagnosticsText(warnings, complaintColorsOf(terminal))}\n`);
  return { project, assets, spec, warnings };
}

/** The same for a command that works on hosts. @throws DiagnosticsError also when no host is meant. */
export async function openSession(options: CommonOptions, terminal: Terminal): Promise<Session> {
  const resolved = await openProject(options, terminal);
  return { ...resolved, hosts: chooseHosts(resolved.spec, options), commandFor: commandFor(options) };
}

/** Options that name hosts. */
export type Selection = Pick<CommonOptions, 'host' | 'role'>;

/**
 * The hosts of an environment that a command means: those that are named and have one of the roles; all where nothing is said.
 *
 * @throws DiagnosticsError for an unknown host or role, and when no host is left.
 */
export function chooseHosts(spec: ResolvedSpec, { host, role }: Selection): readonly ResolvedHostFile[] {
  if (spec.hosts.length === 0) throw withoutHosts(spec.environment);
  for (const name of host ?? []) refuseUnknownHost(name, spec);
  for (const name of role ?? []) refuseUnknownRole(name, spec);
  const named = spec.hosts.filter(({ name }) => host?.includes(name) ?? true);
  const chosen = named.filter(({ roles }) => role === undefined || roles.some((one) => role.includes(one)));
  if (chosen.length === 0) throw noneChosen(named, role ?? []);
  return chosen;
}

const withoutHosts = (environment: string) =>
  failure({
    code: 'environment.no-hosts',
    subject: environment,
    message: `the environment ${environment} has no hosts`,
    fix: `describe one in hosts/${environment}/<host>/host.yaml; the keys are in docs/reference.md`,
  });

function refuseUnknownHost(name: string, { environment, hosts }: ResolvedSpec): void {
  const known = hosts.map((one) => one.name);
  if (known.includes(name)) return;
  const near = suggest(name, known);
  throw failure({
    code: 'host.unknown',
    subject: name,
    message: `the environment ${environment} has no host ${name}; it has ${known.join(', ')}`,
    fix: near ? `did you mean --host ${near}?` : `name one of them: --host ${known[0]}`,
  });
}

function refuseUnknownRole(name: string, { environment, hosts }: ResolvedSpec): void {
  const known: string[] = [...new Set(hosts.flatMap(({ roles }) => roles))];
  if (known.includes(name)) return;
  const near = suggest(name, known);
  throw failure({
    code: 'role.unknown',
    subject: name,
    message: `no host of the environment ${environment} has the role ${name}; there are ${known.join(', ')}`,
    fix: near ? `did you mean --role ${near}?` : `name one of them: --role ${known[0]}`,
  });
}

const noneChosen = (named: readonly ResolvedHostFile[], roles: readonly string[]) =>
  failure({
    code: 'host.none-chosen',
    subject: named.map(({ name }) => name).join(', '),
    message: `none of these has the role ${roles.join(' or ')}: ${named.map((one) => `${one.name} is ${one.roles.join(', ')}`).join('; ')}`,
    fix: 'leave out --host or --role, or name hosts and roles that go together',
  });

/** Colours for what is printed as the result. */
export const colorsOf = (terminal: Terminal): Colors => colorsFor(terminal.out, terminal.environment);

/** Colours for what is said about the result; it may go elsewhere. */
export const complaintColorsOf = (terminal: Terminal): Colors => colorsFor(terminal.err, terminal.environment);

/** Prints a value as JSON. */
export const printJson = (terminal: Terminal, value: unknown): void => {
  terminal.out.write(`${JSON.stringify(value, null, 2)}\n`);
};

/** What to type to run another command on the same hosts. */
export function commandLine(verb: string, { file, env, host, role }: CommonOptions): string {
  const options = [
    ...(file === 'deploy.yaml' ? [] : ['--file', file]),
    ...(env ? ['--env', env] : []),
    ...(host ? ['--host', ...host] : []),
    ...(role ? ['--role', ...role] : []),
  ];
  return `npm run ${verb}${options.length > 0 ? ` -- ${options.join(' ')}` : ''}`;
}

/** What to type for some hosts (for an empty list, those of the options), with the file and the environment of these options: without them, it would mean others. */
export const commandFor =
  (options: CommonOptions): CommandFor =>
  (verb, hosts) =>
    verb === 'attach'
      ? commandLine('apply', { ...options, host: hosts }).replace(' -- ', ' -- --attach ')
      : commandLine(verb, hosts.length === 0 ? options : { ...options, host: hosts });
