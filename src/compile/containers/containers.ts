import type { Resource, TextResource } from '../../resources/resource.ts';
import { calendarOf } from '../../spec/schedule.ts';
import { type Credential, credentialNeeds } from '../app/credentials.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory, file, secretFile, secretPath } from '../parts.ts';
import { type Context, type Rendered, render } from '../render.ts';
import { from, type Traced } from '../trace.ts';
import { extensionsFile, redisFolder } from './backing.ts';
import { credentialFolder, credentialsOn, jobsOn, migratesOn, processesOn, productionFile } from './production.ts';
import type { ContainerProcess } from './service.ts';

/**
 * The program in containers, by Docker Compose under a unit: the Compose file, the image that it runs, what the containers
 * read, and a timer for each job.
 */
export function compileContainers(input: CompileInput): Resource[] {
  if (input.spec.app.runtime !== 'compose') return [];
  const processes = processesOn(input);
  if (processes.length === 0) return [];
  const packages = [...input.target.compose.packages, 'ca-certificates'].map((name) => aptPackage(name, 'app.runtime'));
  const files = [composeFile(input, processes), imageFile(input), ...databaseFiles(input)];
  const credentials = credentialsOn(input);
  const secrets = cacheFiles(input);
  const unit = serviceFile(input, credentials);
  return [
    ...packages,
    dockerUnit(packages.map(({ id }) => id)),
    ...files,
    ...secrets,
    unit,
    composeUnit(input, files, [...secrets.filter(isText), unit], credentials),
    ...jobsOn(input).flatMap((name) => jobResources(input, name)),
  ];
}

const isText = (resource: Resource): resource is TextResource => 'content' in resource;

const folderOf = (name: string) => `/etc/fairlead/${name}`;
const unitOf = (name: string) => `${name}-compose.service`;

/** The engine itself; what its packages change takes effect by a restart. */
const dockerUnit = (packages: readonly string[]): Resource => ({
  kind: 'unit',
  id: 'unit:docker.service',
  name: 'docker.service',
  origin: 'app.runtime',
  needs: packages,
  inputs: [],
});

const inFolder = ({ spec }: CompileInput, name: string, content: Rendered, origin: string) =>
  file(`${folderOf(spec.name)}/${name}`, content, origin, { needs: [`directory:${folderOf(spec.name)}`] });

const composeFile = (input: CompileInput, processes: readonly ContainerProcess[]) =>
  inFolder(input, 'compose.yaml', productionFile(input, processes), 'app.runtime');

/** The image to run: the newest of the deployed branch, as CI tags it. */
function imageFile(input: CompileInput) {
  const { app, ci } = input.spec;
  const image = from('app.image', `${app.image}:${branchTag(ci.branch)}`);
  return inFolder(
    input,
    'image.env',
    render(input.templates, 'docker/image.env', 'environment-file', { image }),
    'app.image',
  );
}

/** The tag that docker/metadata-action makes of a branch. */
export const branchTag = (branch: string): string => branch.replaceAll('/', '-').slice(0, 128);

function databaseFiles(input: CompileInput) {
  const { database } = input.spec;
  if (database?.placement !== 'compose' || database.extensions.length === 0) return [];
  const sql = extensionsFile(database, input.templates);
  return [inFolder(input, 'extensions.sql', sql, 'database.extensions')];
}

/**
 * The password of Redis, readable by its user in the container. On the host only root gets to it, because of the folder.
 */
function cacheFiles(input: CompileInput): Resource[] {
  const { name, cache } = input.spec;
  if (cache?.placement !== 'compose' || !cache.password) return [];
  const path = `${folderOf(name)}/${redisFolder}`;
  const folder = directory(path, 'cache.password', { mode: '700', needs: [`directory:${folderOf(name)}`] });
  const content = render(input.templates, 'docker/redis.conf', 'redis', {
    password: from('cache.password', cache.password, 'secret'),
  });
  const options = { mode: '444', needs: [folder.id] };
  return [folder, secretFile(name, `${path}/redis.conf`, content, 'cache.password', [cache.password], options)];
}

/** How Docker Compose is called on a host, as words of a command line. */
function clientOf({ spec, target }: CompileInput): Context[string] {
  const program = target.compose.plugin ? ['/usr/bin/docker', 'compose'] : ['/usr/bin/docker-compose'];
  const folder = folderOf(spec.name);
  const named = ['--project-name', spec.name, '--file', `${folder}/compose.yaml`, '--env-file', `${folder}/image.env`];
  return [...program, ...named].map((word) => from('app.runtime', word, 'systemd-exec'));
}

function serviceFile(input: CompileInput, credentials: readonly Credential[]) {
  const { spec, target } = input;
  const content = render(input.templates, 'docker/compose.service', 'systemd', {
    name: from('name', spec.name),
    version: from('app.runtime', target.compose.version),
    client: clientOf(input),
    credentials: credentials.map(({ name, secret, key }) => ({
      source: from(key, secretPath(spec.name, secret), 'systemd-exec'),
      target: from(key, `${credentialFolder(spec.name)}/${name}`, 'systemd-exec'),
    })),
    migrates: from('app.migrations', migratesOn(input)),
    waits: from('app.runtime', target.compose.plugin),
  });
  return file(`/etc/systemd/system/${unitOf(spec.name)}`, content, 'app.runtime');
}

/** Compose brings up what changed, so a new file is a reload; what containers hold open needs them made anew. */
function composeUnit(
  input: CompileInput,
  reloaded: readonly TextResource[],
  restarted: readonly TextResource[],
  credentials: readonly Credential[],
): Resource {
  const { spec } = input;
  const secrets = credentialNeeds(spec, credentials);
  const name = unitOf(spec.name);
  return {
    kind: 'unit',
    id: `unit:${name}`,
    name,
    origin: 'app.runtime',
    needs: ['unit:docker.service', ...[...reloaded, ...restarted].map(({ id }) => id), ...secrets],
    inputs: [
      ...reloaded.map(({ id }) => ({ id, effect: 'reload' as const })),
      ...[...restarted.map(({ id }) => id), ...secrets].map((id) => ({ id, effect: 'restart' as const })),
    ],
  };
}

/** A job: a unit that runs its container to the end, and the timer that starts it. */
function jobResources(input: CompileInput, job: string): Resource[] {
  const { name, app } = input.spec;
  const { schedule, timeout, jitter } = app.jobs[job]!;
  const key = `app.jobs.${job}`;
  const unit = `${name}-job-${job}`;
  const common = { name: from('name', name), job: from(key, job) };
  const service = render(input.templates, 'docker/job.service', 'systemd', {
    ...common,
    client: clientOf(input),
    container: from(key, unit, 'systemd-exec'),
    service: from(key, `job-${job}`, 'systemd-exec'),
    timeout: from(`${key}.timeout`, timeout),
  });
  const timer = render(input.templates, 'docker/job.timer', 'systemd', {
    ...common,
    calendars: calendarOf(schedule).map((calendar): Traced => from(`${key}.schedule`, calendar)),
    jitters: jitter === undefined ? [] : [from(`${key}.jitter`, jitter)],
  });
  const files = [
    file(`/etc/systemd/system/${unit}.service`, service, key),
    file(`/etc/systemd/system/${unit}.timer`, timer, key),
  ];
  const timerUnit: Resource = {
    kind: 'unit',
    id: `unit:${unit}.timer`,
    name: `${unit}.timer`,
    origin: key,
    needs: [`unit:${unitOf(name)}`, ...files.map(({ id }) => id)],
    inputs: files.map(({ id }) => ({ id, effect: 'restart' as const })),
  };
  return [...files, timerUnit];
}
