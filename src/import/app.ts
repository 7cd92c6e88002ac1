/** The section `app` from the service that is the program. */
import { type ComposeMap, type ComposeService, isMap, type Lose, listOf, textOf } from './compose-file.ts';
import { durationOf, memoryLimitOf, replicasOf, startOf } from './process.ts';
import { unreadKeys, unreadMounts } from './unread.ts';
import { type Surroundings, variablesOf } from './variables.ts';

/** What became of the program's services. */
export interface ImportedApp {
  readonly app: ComposeMap;
  readonly secrets: ReadonlyMap<string, string>;
}

/** Builds the section. `neighbours` are the services that became sections of their own. */
export function appOf(
  service: ComposeService,
  workers: readonly ComposeService[],
  surroundings: Surroundings,
  lose: Lose,
): ImportedApp {
  const { env, secrets } = variablesOf(service, surroundings, lose);
  const port = portOf(service, lose);
  const imported = workers.map((worker) => workerOf(worker, surroundings, lose));
  for (const program of [service, ...workers]) {
    unreadKeys(program, 'program', lose);
    unreadMounts(program, lose);
  }
  const app: ComposeMap = {
    ...sourceOf(service, lose),
    ...optional('start', startOf(service, 'the program', lose)),
    listen: 'port',
    ...optional('port', port),
    ...optional('instances', replicasOf(service)),
    ...optional('memory', memoryLimitOf(service)),
    network: true,
    ...healthOf(service, lose),
    ...optional('drain', durationOf(service.keys.stop_grace_period)),
    ...(Object.keys(env).length > 0 ? { env } : {}),
    ...(secrets.size > 0 ? { secrets: [...secrets.keys()] } : {}),
    ...(imported.length > 0 ? { workers: Object.fromEntries(imported.flatMap(({ entry }) => entry)) } : {}),
  };
  return { app, secrets: new Map([...secrets, ...imported.flatMap((one) => [...one.secrets])]) };
}

const optional = (key: string, value: unknown): ComposeMap => (value === undefined ? {} : { [key]: value });

/** A folder that is built becomes the source; a service with an image alone runs as that image. */
function sourceOf({ keys, path }: ComposeService, lose: Lose): ComposeMap {
  const build = isMap(keys.build) ? keys.build : { context: keys.build };
  if (keys.build === undefined) return imageOf(keys, [...path, 'image'], lose);
  for (const key of Object.keys(build).filter((one) => one !== 'context')) {
    lose(
      [...path, 'build', key],
      `build.${key} was not carried over: the program runs from its source, not from an image`,
      'write the commands that build it as app.build, or set app.runtime: compose and app.image',
    );
  }
  const source = (textOf(build.context) ?? '.').replace(/^\.\/+/, '').replace(/\/+$/, '') || '.';
  if (/^(\.|([\w@+ -][\w.@+ -]*)(\/[\w@+ -][\w.@+ -]*)*)$/.test(source)) return { source };
  lose(
    [...path, 'build'],
    `the source ${source} is not in the project`,
    'put deploy.yaml into the folder of the source, and write "source: ."',
  );
  return { source: '.' };
}

function imageOf(keys: ComposeMap, path: readonly (string | number)[], lose: Lose): ComposeMap {
  const whole = textOf(keys.image) ?? '';
  const image = whole.replace(/@.*$/, '').replace(/:[^/]*$/, '');
  const usable = /^[a-z0-9]+([.-][a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-][a-z0-9]+)*)+$/.test(image);
  if (!usable)
    lose(
      path,
      `the image ${whole || 'of the program'} cannot be carried over`,
      'write its name with its registry as app.image',
    );
  else if (image !== whole)
    lose(path, `the tag or digest of ${whole} was left out`, 'nothing: the image of the deployed branch is run');
  return { source: '.', runtime: 'compose', image: usable ? image : 'ghcr.io/example/app', build: 'true' };
}

/** The port inside the container of the first one that is published. */
function portOf({ keys, path }: ComposeService, lose: Lose): number | undefined {
  const ports = listOf(keys.ports).map((one) =>
    Number(isMap(one) ? one.target : String(one).split('/')[0]?.split(':').at(-1)),
  );
  const variable = Number(Object(keys.environment).PORT ?? NaN);
  for (const [index, port] of ports.entries()) {
    if (index > 0)
      lose(
        [...path, 'ports', index],
        `port ${port} is not published: the proxy leads to one port`,
        'describe what it is for as proxy.routes',
      );
  }
  const port = ports[0] ?? (Number.isInteger(variable) ? variable : Number(listOf(keys.expose)[0]));
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? (port < 1024 ? 3000 : port) : undefined;
}

/** The path that the health check asks for, where it asks for one. */
function healthOf({ keys, path }: ComposeService, lose: Lose): ComposeMap {
  if (!isMap(keys.healthcheck) || keys.healthcheck.disable === true) return {};
  const test = listOf(keys.healthcheck.test).join(' ');
  const ready = test.match(/https?:\/\/[^/\s'"]+(\/[\w.~/-]*)/)?.[1];
  if (!ready)
    lose(
      [...path, 'healthcheck'],
      'the health check asks for no path',
      'write the path that answers 2xx once the program can serve as app.health.ready',
    );
  const timeout = durationOf(keys.healthcheck.start_period);
  return ready || timeout
    ? { health: { ...optional('ready', ready), ...optional('live', ready), ...optional('timeout', timeout) } }
    : {};
}

/** Another service of the same image or source, which is a background process of the program. */
function workerOf(service: ComposeService, surroundings: Surroundings, lose: Lose) {
  const name = service.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 16)
    .replace(/-+$/, '');
  const { env, secrets } = variablesOf(service, surroundings, lose);
  const command = startOf(service, `the process ${service.name}`, lose);
  if (command === undefined || name.length < 2) return { entry: [], secrets: new Map<string, string>() };
  const worker: ComposeMap = {
    command,
    ...optional('instances', replicasOf(service)),
    ...optional('memory', memoryLimitOf(service)),
    network: true,
    ...(Object.keys(env).length > 0 ? { env } : {}),
    ...(secrets.size > 0 ? { secrets: [...secrets.keys()] } : {}),
  };
  return { entry: [[name, worker] as const], secrets };
}
