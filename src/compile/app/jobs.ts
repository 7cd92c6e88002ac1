import { layout } from '../../resources/layout.ts';
import type { FileResource, Resource } from '../../resources/resource.ts';
import { calendarOf } from '../../spec/schedule.ts';
import type { ResolvedJob } from '../../spec/types.ts';
import type { CompileInput } from '../compile.ts';
import { onFailure } from '../observability/places.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { jobHost } from '../topology.ts';
import { from } from '../trace.ts';
import { credentialNeeds, credentialsOf } from './credentials.ts';
import { processContext } from './process.ts';
import { processEnvironment } from './process-environment.ts';

/** The scheduled commands, on the one host that runs them. systemd starts no job while its last run still goes on. */
export const jobs = (input: CompileInput): Resource[] =>
  jobHost(input.spec.hosts)?.name === input.host.name
    ? Object.entries(input.spec.app.jobs).flatMap(([name, job]) => jobResources(input, name, job))
    : [];

function jobResources(input: CompileInput, name: string, job: ResolvedJob): Resource[] {
  const { spec } = input;
  const key = `app.jobs.${name}`;
  const environment = processEnvironment(input, key, `job-${name}`, job.env);
  const service = serviceFile(input, name, job, environment);
  const timer = timerFile(input, name, job);
  const unit = `${spec.name}-job-${name}.timer`;
  const secrets = credentialNeeds(spec, credentialsOf(input, key, job.secrets));
  const read = [timer, service, ...environment].map(({ id }) => id);
  return [
    ...environment,
    service,
    timer,
    {
      kind: 'unit',
      id: `unit:${unit}`,
      name: unit,
      origin: key,
      needs: [...read, ...secrets, `release:${spec.name}`],
      // The service reads everything anew at each run; only the timer itself has something to take up.
      inputs: [{ id: timer.id, effect: 'restart' }],
    },
  ];
}

function serviceFile(input: CompileInput, name: string, job: ResolvedJob, environment: readonly FileResource[]) {
  const { spec, templates } = input;
  const key = `app.jobs.${name}`;
  const context = processContext(input, {
    ...job,
    key,
    commandKey: `${key}.command`,
    release: layout(spec.name).liveRelease,
    identifier: `${spec.name}-${name}`,
    environmentFiles: environment.map(({ path }) => from(`${key}.env`, path)),
    credentials: credentialsOf(input, key, job.secrets),
    patches: spec.patches.systemd.job,
    patchKey: 'patches.systemd.job',
  });
  const rendered = render(templates, 'systemd/job.service', 'systemd', {
    ...context,
    job: from(key, name),
    timeout: from(`${key}.timeout`, job.timeout),
    onFailure: onFailure(spec),
  });
  return file(`/etc/systemd/system/${spec.name}-job-${name}.service`, rendered, key);
}

function timerFile({ spec, templates }: CompileInput, name: string, job: ResolvedJob) {
  const key = `app.jobs.${name}`;
  const rendered = render(templates, 'systemd/job.timer', 'systemd', {
    name: from('name', spec.name),
    job: from(key, name),
    calendar: calendarOf(job.schedule).map((expression) => from(`${key}.schedule`, expression)),
    jitter: job.jitter === undefined ? [] : [from(`${key}.jitter`, job.jitter)],
  });
  return file(`/etc/systemd/system/${spec.name}-job-${name}.timer`, rendered, `${key}.schedule`);
}
