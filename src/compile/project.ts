import { DiagnosticsError } from '../diagnostic.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import { workflows } from './ci/workflows.ts';
import { containerFiles } from './containers/files.ts';
import type { ProjectFile } from './project-file.ts';
import type { Templates } from './render.ts';

/** What files of the project itself follow from: all its environments, of which one is the main one. */
export interface ProjectInput {
  /** The environment that `ci.environment` names, else production, else the first. */
  readonly main: ResolvedSpec;
  readonly environments: readonly ResolvedSpec[];
  readonly templates: Templates;
}

/**
 * Compiles the files of the project that belong to no host. Pure and deterministic to the byte.
 *
 * @throws DiagnosticsError when workflows are for an environment that there is not.
 */
export function compileProject(environments: readonly ResolvedSpec[], templates: Templates): ProjectFile[] {
  const named = (name: string | undefined) => environments.find(({ environment }) => environment === name);
  const wanted = named(environments[0]?.ci.environment);
  const main = wanted ?? named('production') ?? environments[0];
  if (!main) return [];
  if (!wanted && main.ci.provider !== 'none') refuseEnvironment(main, environments);
  const input = { main, environments, templates };
  return [...containerFiles(input), ...workflows(input)].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function refuseEnvironment({ ci, document }: ResolvedSpec, environments: readonly ResolvedSpec[]): never {
  const known = environments.map(({ environment }) => environment);
  throw new DiagnosticsError([
    document.problem(['ci', 'environment'], 'value', {
      severity: 'error',
      code: 'ci.environment-unknown',
      message: `ci.environment is ${ci.environment}, and there is no such environment; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
      fix: `write "environment: ${known[0]}" in ci, or describe a host in hosts/${ci.environment}/<host>/host.yaml`,
    }),
  ]);
}
