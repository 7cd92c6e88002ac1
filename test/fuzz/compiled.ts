/** Generated projects, settled and compiled, with what is to be judged about each. */
import { compile } from '../../src/compile/compile.ts';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { compileProject } from '../../src/compile/project.ts';
import type { ProjectFile } from '../../src/compile/project-file.ts';
import type { ResolvedSpec } from '../../src/spec/resolve.ts';
import { assets } from './generated.ts';
import { settle } from './repair.ts';
import type { Generated } from './spec.ts';

/** What a generated project came to. */
export interface Outcome {
  readonly project: Generated;
  /** Why it could not be compiled: a crash, or a problem that no repair takes away. Empty when it was. */
  readonly failure?: string;
  readonly stuck?: boolean;
  readonly spec?: ResolvedSpec;
  readonly manifests: readonly HostManifest[];
  readonly files: readonly ProjectFile[];
}

/** Settles and compiles a project; a crash is an outcome, too. */
export function outcomeOf(project: Generated): Outcome {
  const nothing = { project, manifests: [], files: [] };
  try {
    const settled = settle(project, assets.contracts);
    if (!('spec' in settled)) {
      const said = settled.problems.map(({ code, message, fix }) => `${code}: ${message}; ${fix}`);
      return { ...nothing, project: settled.project, stuck: true, failure: said.join('\n') };
    }
    return compiledFrom(settled.project, settled.spec);
  } catch (error) {
    return { ...nothing, failure: `crash in resolve: ${textOf(error)}` };
  }
}

function compiledFrom(project: Generated, spec: ResolvedSpec): Outcome {
  try {
    const manifests = spec.hosts.map((host) => compile({ spec, host, templates: assets.templates }));
    return { project, spec, manifests, files: compileProject([spec], assets.templates) };
  } catch (error) {
    return { project, spec, manifests: [], files: [], failure: `crash in compile: ${textOf(error)}` };
  }
}

/** A message with the place in the program where it comes from, which tells two crashes apart. */
function textOf(error: unknown): string {
  const { message, stack = '' } = error as Error;
  const place = stack.split('\n').find((line) => /\/src\/(compile|spec)\/\w+\/|\/src\/spec\//.test(line));
  return `${message} ${place?.trim().replace(/ \(.*\/src\//, ' (src/') ?? ''}`;
}
