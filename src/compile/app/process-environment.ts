import { layout } from '../../resources/layout.ts';
import type { FileResource } from '../../resources/resource.ts';
import type { ResolvedWorker } from '../../spec/types.ts';
import type { CompileInput } from '../compile.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { ownVariables, type Variable } from './environment.ts';

/** The file of a process's own variables, or none when it has none. `process` is its name on the host, such as worker-mail. */
export function processEnvironment(
  input: CompileInput,
  key: string,
  process: string,
  env: ResolvedWorker['env'],
): FileResource[] {
  const variables = ownVariables(`${key}.env`, env);
  const path = layout(input.spec.name).processEnvironmentFile(process);
  const about = from(key, `variables of ${process} beside those of all processes`, 'systemd');
  return variables.length === 0 ? [] : [environmentFile(input, path, `${key}.env`, about, variables)];
}

/** A file of environment variables that only root reads; systemd hands them to the processes. */
export function environmentFile(
  { spec, templates }: CompileInput,
  path: string,
  origin: string,
  about: ReturnType<typeof from>,
  variables: readonly Variable[],
): FileResource {
  const rendered = render(templates, 'environment/process.env', 'environment-file', {
    name: from('name', spec.name, 'systemd'),
    about,
    variables: variables.map(({ variable, content }) => ({ variable, content })),
  });
  return file(path, rendered, origin, { mode: '640', needs: [`directory:${layout(spec.name).settings}`] });
}
