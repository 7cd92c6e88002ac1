import { layout } from '../../resources/layout.ts';
import type { FileResource, Resource, ServiceInput, UnitResource } from '../../resources/resource.ts';
import type { ResolvedWorker } from '../../spec/types.ts';
import type { CompileInput } from '../compile.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { hasRole } from '../topology.ts';
import { from } from '../trace.ts';
import { credentialNeeds, credentialsOf } from './credentials.ts';
import { processContext } from './process.ts';
import { processEnvironment } from './process-environment.ts';

/** The background processes of a host with the role worker. They run in the live release, and a new one restarts them. */
export const workers = (input: CompileInput): Resource[] =>
  hasRole(input.host, 'worker')
    ? Object.entries(input.spec.app.workers).flatMap(([name, worker]) => workerResources(input, name, worker))
    : [];

function workerResources(input: CompileInput, name: string, worker: ResolvedWorker): Resource[] {
  const key = `app.workers.${name}`;
  const environment = processEnvironment(input, key, `worker-${name}`, worker.env);
  const credentials = credentialsOf(input, key, worker.secrets);
  const unit = unitFile(input, name, worker, environment);
  const read = [
    unit.id,
    ...environment.map(({ id }) => id),
    ...credentialNeeds(input.spec, credentials),
    release(input),
  ];
  const inputs = read.map((id): ServiceInput => ({ id, effect: 'restart' }));
  const instances = Array.from({ length: worker.instances }, (_, index): UnitResource => {
    const instance = `${input.spec.name}-worker-${name}@${index + 1}.service`;
    return { kind: 'unit', id: `unit:${instance}`, name: instance, origin: key, needs: read, inputs };
  });
  return [...environment, unit, ...instances];
}

const release = ({ spec }: CompileInput) => `release:${spec.name}`;

function unitFile(input: CompileInput, name: string, worker: ResolvedWorker, environment: readonly FileResource[]) {
  const { spec, templates } = input;
  const key = `app.workers.${name}`;
  const context = processContext(input, {
    ...worker,
    key,
    commandKey: `${key}.command`,
    release: layout(spec.name).liveRelease,
    identifier: `${spec.name}-${name}`,
    environmentFiles: environment.map(({ path }) => from(`${key}.env`, path)),
    credentials: credentialsOf(input, key, worker.secrets),
    patches: spec.patches.systemd.worker,
    patchKey: 'patches.systemd.worker',
  });
  const rendered = render(templates, 'systemd/worker@.service', 'systemd', {
    ...context,
    worker: from(key, name),
    drain: from(`${key}.drain`, worker.drain),
  });
  return file(`/etc/systemd/system/${spec.name}-worker-${name}@.service`, rendered, key);
}
