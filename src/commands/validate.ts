import { type Diagnostic, DiagnosticsError, ExitCode, strictly } from '../diagnostic.ts';
import { specOf } from '../pipeline.ts';
import { loadAssets } from '../project/assets.ts';
import { loadProject } from '../project/load.ts';
import { diagnosticsText, plural } from '../report/diagnostics.ts';
import { environmentsOf, type Sources } from '../spec/resolve.ts';
import { type CommonOptions, chooseHosts, colorsOf, complaintColorsOf, printJson, type Terminal } from './context.ts';

/** Checks deploy.yaml and all host files, in the named environment or in each, and says everything that is wrong. */
export async function validate(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const assets = await loadAssets();
  const project = loadProject(options.file);
  const found = environmentsFor(project.sources, options);
  const problems = withoutRepeats(
    found.flatMap((environment) =>
      problemsOf(() => {
        const { spec, warnings } = specOf(project, environment, assets);
        if (options.host) chooseHosts(spec, options);
        return warnings;
      }),
    ),
  );
  const diagnostics = options.strict ? strictly(problems) : problems;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  if (options.json) printJson(terminal, { valid: errors === 0, environments: found, diagnostics });
  else report(diagnostics, errors, found, options, terminal);
  return errors > 0 ? ExitCode.error : ExitCode.done;
}

/** The named environment, or each that has the named hosts, or all. */
function environmentsFor(sources: Sources, { env, host: named }: CommonOptions): string[] {
  if (env) return [env];
  const known = environmentsOf(sources);
  const having = sources.hosts.filter(({ folder }) => named?.includes(folder)).map(({ environment }) => environment);
  const meant = having.length > 0 ? [...new Set(having)] : known;
  return meant.length > 0 ? meant : ['production'];
}

function problemsOf(resolve: () => readonly Diagnostic[]): readonly Diagnostic[] {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics;
    throw error;
  }
}

/** What is wrong in the base of the file shows in each environment; it is said once. */
function withoutRepeats(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, at, message }) => {
    const key = JSON.stringify([code, at, message]);
    return !seen.has(key) && seen.add(key);
  });
}

function report(
  diagnostics: readonly Diagnostic[],
  errors: number,
  environments: readonly string[],
  options: CommonOptions,
  terminal: Terminal,
): void {
  const colors = colorsOf(terminal);
  if (diagnostics.length > 0) terminal.err.write(diagnosticsText(diagnostics, complaintColorsOf(terminal)));
  if (errors === 0)
    terminal.out.write(
      `${options.file} is ${colors.green('valid')} in ${plural(environments.length, 'environment')}: ${environments.join(', ')}\n`,
    );
}
