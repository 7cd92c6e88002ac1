import { compileProject } from '../compile/project.ts';
import { ExitCode } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { environmentsWithHosts, loadProject } from '../project/load.ts';
import { refuseForeign, type TreeChange, writeProjectFiles, writeTree } from '../project/write.ts';
import { resolvedText } from '../report/defaults.ts';
import { staleTreeText, treeText } from '../report/tree.ts';
import { originsOf } from '../spec/origins.ts';
import {
  type CommonOptions,
  colorsOf,
  complaintColorsOf,
  openProject,
  openSession,
  printJson,
  type Terminal,
} from './context.ts';

export interface CompileOptions extends CommonOptions {
  readonly check?: boolean;
  readonly explainDefaults?: boolean;
}

/**
 * Writes the compiled tree of every host, in the named environment or in each that has hosts, and with all of them the compiled
 * files of the project itself; `--check` only compares, `--explain-defaults` only prints the resolved file.
 */
export async function compile(options: CompileOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.explainDefaults) return explainDefaults(options, terminal);
  const { hosts, write } = await compiled(options, terminal);
  const changes = write(options.check === true);
  const stale = options.check === true && changes.length > 0;
  if (options.json) printJson(terminal, { check: options.check === true, hosts, changes });
  else if (stale) terminal.err.write(staleTreeText(changes, complaintColorsOf(terminal)));
  else terminal.out.write(treeText(changes, hosts, colorsOf(terminal)));
  return stale ? ExitCode.error : ExitCode.done;
}

/** Compiles all that is meant before anything is written: a mistake in one environment changes no file of another. */
async function compiled(
  options: CompileOptions,
  terminal: Terminal,
): Promise<{ hosts: number; write: (dryRun: boolean) => TreeChange[] }> {
  const environments = options.env ? [options.env] : environmentsWithHosts(loadProject(options.file).sources);
  const sessions = [];
  for (const env of environments.length > 0 ? environments : [undefined]) {
    sessions.push(await openSession(env ? { ...options, env } : options, terminal));
  }
  const manifests = sessions.flatMap(({ spec, hosts, assets }) => hosts.map((host) => manifestOf(spec, host, assets)));
  const [first] = sessions;
  const specs = sessions.map(({ spec }) => spec);
  // A workflow follows from all environments: with some of them it would come out wrong.
  const files = first && !options.env ? compileProject(specs, first.assets.templates) : undefined;
  const folder = first?.project.folder ?? '';
  if (files) refuseForeign(folder, files);
  const write = (dryRun: boolean) => [
    ...manifests.flatMap((manifest) => writeTree(folder, manifest, dryRun)),
    ...(files ? writeProjectFiles(folder, files, dryRun) : []),
  ];
  return { hosts: manifests.length, write };
}

async function explainDefaults(options: CompileOptions, terminal: Terminal): Promise<ExitCode> {
  const { spec, assets } = await openProject(options, terminal);
  const values = originsOf(spec, assets.contracts.deploy.schema);
  const { environment } = spec;
  if (options.json)
    printJson(terminal, { environment, values: values.map((one) => ({ key: one.path.join('.'), ...one })) });
  else terminal.out.write(resolvedText(environment, values));
  return ExitCode.done;
}
