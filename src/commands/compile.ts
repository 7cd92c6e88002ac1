import { ExitCode } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { environmentsWithHosts, loadProject } from '../project/load.ts';
import { type TreeChange, writeTree } from '../project/write.ts';
import { plural } from '../report/diagnostics.ts';
import { type CommonOptions, colorsOf, openSession, printJson, type Terminal } from './context.ts';

export interface CompileOptions extends CommonOptions {
  readonly check?: boolean;
}

/** Writes the compiled tree of every host, in the named environment or in each that has hosts; `--check` only compares. */
export async function compile(options: CompileOptions, terminal: Terminal): Promise<ExitCode> {
  const environments = options.env ? [options.env] : environmentsWithHosts(loadProject(options.file).sources);
  const changes: TreeChange[] = [];
  let hosts = 0;
  for (const env of environments.length > 0 ? environments : [undefined]) {
    const session = await openSession(env ? { ...options, env } : options, terminal);
    for (const host of session.hosts)
      changes.push(...writeTree(session.project.folder, manifestOf(session.spec, host, session.assets), options.check));
    hosts += session.hosts.length;
  }
  if (options.json) printJson(terminal, { check: options.check === true, hosts, changes });
  else report(changes, hosts, options, terminal);
  return options.check && changes.length > 0 ? ExitCode.error : ExitCode.done;
}

function report(changes: readonly TreeChange[], hosts: number, options: CompileOptions, terminal: Terminal): void {
  const colors = colorsOf(terminal);
  for (const { action, path } of changes)
    terminal.out.write(`${action === 'written' ? colors.green('+') : colors.red('-')} ${path}\n`);
  const of = `the compiled ${hosts === 1 ? 'tree' : 'trees'} of ${plural(hosts, 'host')}`;
  if (changes.length === 0) terminal.out.write(`${of} ${hosts === 1 ? 'is' : 'are'} ${colors.green('up to date')}\n`);
  else if (options.check)
    terminal.err.write(
      `${colors.red('error')}: ${plural(changes.length, 'file')} in hosts/ are not what deploy.yaml compiles to\n  ${colors.green('fix:')} npm run compile, then commit hosts/\n`,
    );
  else terminal.out.write(`${plural(changes.length, 'file')} changed in ${of}; review them with git diff hosts/\n`);
}
