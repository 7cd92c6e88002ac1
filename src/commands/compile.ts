import type { HostManifest } from '../compile/manifest.ts';
import { ExitCode } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { environmentsWithHosts, loadProject } from '../project/load.ts';
import { writeTree } from '../project/write.ts';
import { staleTreeText, treeText } from '../report/tree.ts';
import { type CommonOptions, colorsOf, openSession, printJson, type Terminal } from './context.ts';

export interface CompileOptions extends CommonOptions {
  readonly check?: boolean;
}

/** Writes the compiled tree of every host, in the named environment or in each that has hosts; `--check` only compares. */
export async function compile(options: CompileOptions, terminal: Terminal): Promise<ExitCode> {
  const environments = options.env ? [options.env] : environmentsWithHosts(loadProject(options.file).sources);
  const compiled: { folder: string; manifest: HostManifest }[] = [];
  // All environments are compiled before anything is written: a mistake in one changes no file of another.
  for (const env of environments.length > 0 ? environments : [undefined]) {
    const { spec, hosts, assets, project } = await openSession(env ? { ...options, env } : options, terminal);
    compiled.push(...hosts.map((host) => ({ folder: project.folder, manifest: manifestOf(spec, host, assets) })));
  }
  const hosts = compiled.length;
  const changes = compiled.flatMap(({ folder, manifest }) => writeTree(folder, manifest, options.check));
  if (options.json) printJson(terminal, { check: options.check === true, hosts, changes });
  else if (options.check && changes.length > 0) terminal.err.write(staleTreeText(changes, colorsOf(terminal)));
  else terminal.out.write(treeText(changes, hosts, colorsOf(terminal)));
  return options.check && changes.length > 0 ? ExitCode.error : ExitCode.done;
}
