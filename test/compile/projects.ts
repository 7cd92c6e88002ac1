/** Specs of small projects for tests of compiled files. */
import { type CompileInput, compile } from '../../src/compile/compile.ts';
import { compileProject } from '../../src/compile/project.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { type ResolvedSpec, resolve } from '../../src/spec/resolve.ts';
import type { ResolvedHostFile } from '../../src/spec/types.ts';

const assets = await loadAssets();
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G';

/** The spec of a deploy.yaml with one host of a release. @throws DiagnosticsError when rules refuse it. */
export function specFrom(text: string, os: ResolvedHostFile['os'] = 'debian-13'): ResolvedSpec {
  const host = `name: web-1\naddress: 192.0.2.10\nos: ${os}\nmemory: 64G\ncpus: 16\nhostKeys: [${hostKey}]\n`;
  const hosts = [{ environment: 'production', folder: 'web-1', file: { path: 'host.yaml', text: host } }];
  return resolve({ deploy: { path: 'deploy.yaml', text }, hosts }, 'production', assets.contracts).spec;
}

/** The compiled files of the host, by path. */
export function hostFiles(spec: ResolvedSpec): Map<string, string> {
  const input: Omit<CompileInput, 'target'> = { spec, host: spec.hosts[0]!, templates: assets.templates };
  return new Map(
    compile(input).resources.flatMap((one) => ('content' in one ? [[one.path, one.content] as const] : [])),
  );
}

/** The compiled files of the project itself, by path. */
export const projectFiles = (spec: ResolvedSpec): Map<string, string> =>
  new Map(compileProject([spec], assets.templates).map(({ path, content }) => [path, content]));
