/** One process of the program as a service of a Compose file (compose-spec, 05-services). */
import { gatePort } from '../../resources/layout.ts';
import { wordsOf } from '../../spec/command.ts';
import { megabytes, seconds } from '../../spec/units.ts';
import { type Credential, credentialsOf } from '../app/credentials.ts';
import { lifetimeVariables, ownVariables, sharedVariables, type Variable } from '../app/environment.ts';
import { composeServices } from '../app/places.ts';
import type { CompileInput } from '../compile.ts';
import { systemCertificates } from '../database/places.ts';
import { from, type Traced } from '../trace.ts';
import { caused, type YamlValue } from '../yaml.ts';

/** A map of a YAML file. */
export type YamlMap = Readonly<Record<string, YamlValue>>;

/** A process that runs in a container. Keys name the values of deploy.yaml that it follows from. */
export interface ContainerProcess {
  /** Name of its service. */
  readonly service: string;
  /** Where its keys are, such as `app.workers.mail`. */
  readonly key: string;
  readonly command: Traced;
  readonly memory: Traced;
  /** Megabytes of its JavaScript heap; three quarters of the memory when it is left out. */
  readonly heap?: Traced | undefined;
  /** How long it may take to end. */
  readonly drain: Traced;
  /** Whether it reaches more than the other services. */
  readonly network: boolean;
  readonly variables: readonly Variable[];
  readonly credentials: readonly Credential[];
  /** What is its own: ports, health check, restart policy, profile. */
  readonly own: YamlMap;
}

/** User and group that processes run as in their containers. No host has them, so a process that breaks out is nobody. */
export const containerUser = '10001:10001';

/** TCP port that a web instance listens on inside its container. */
export const containerPort = 3000;

// The one variable of the file: every dollar of a value is written twice.
const imageVariable = `\${IMAGE:?it is set in image.env}`;

/** Name of the network that leads nowhere outside. */
export const internalNetwork = 'internal';

/** Where a credential lies in a container. */
export const credentialPath = (name: string): string => `/run/secrets/${name}`;

/** What every container of a host has in common: nothing that it may change, little that it may use. */
export const confinement = {
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  logging: { driver: 'local', options: { 'max-size': '10m', 'max-file': '3' } },
};

/** A memory ceiling without swap; sizes of deploy.yaml are `512M` or `2G`. */
export const memoryLimit = ({ key, value }: Traced): YamlMap => {
  const limit = from(key, String(value).toLowerCase());
  return { mem_limit: limit, memswap_limit: limit };
};

/** Whole seconds, which every version of Compose reads; none of them knows days. */
export const inSeconds = ({ key, value }: Traced): Traced => from(key, `${seconds(String(value))}s`);

/** The service of a process. */
export function processService(input: CompileInput, process: ContainerProcess): YamlValue {
  const { spec } = input;
  const names = process.credentials.map(({ name, key }) => from(key, name));
  const service: YamlMap = {
    image: imageVariable,
    init: true,
    user: containerUser,
    ...commandOf(process),
    environment: environmentOf(process),
    ...(names.length > 0 ? { secrets: names } : {}),
    ...authorities(process),
    ...confinement,
    tmpfs: ['/tmp:size=64m'],
    pids_limit: 512,
    ...memoryLimit(process.memory),
    ulimits: { nofile: 65_536, core: 0 },
    networks: networksOf(spec, process.network),
    ...dependencies(spec),
    stop_grace_period: inSeconds(process.drain),
    ...process.own,
  };
  return caused(process.key, service);
}

/** The runtime of the image with the ceiling of its heap, and the words that follow `node`; whatever the image would start. */
function commandOf({ command, memory, heap }: ContainerProcess): YamlMap {
  const [, ...words] = wordsOf(String(command.value));
  const ceiling =
    heap === undefined ? Math.floor(megabytes(String(memory.value)) * 0.75) : megabytes(String(heap.value));
  return {
    entrypoint: ['node', from((heap ?? memory).key, `--max-old-space-size=${ceiling}`)],
    command: words.map((word) => from(command.key, word)),
  };
}

/** Variables as a map, of two of one name the later, and the paths of the credentials. */
const environmentOf = ({ variables, credentials }: ContainerProcess): YamlMap => ({
  ...Object.fromEntries(variables.map(({ variable, content }) => [String(variable.value), content])),
  ...Object.fromEntries(credentials.flatMap(pathsOf)),
});

/** The variables that tell a process where a credential lies. */
export const pathsOf = ({ name, key, alias }: Credential): [string, Traced][] =>
  [`${name}_FILE`, ...(alias === undefined ? [] : [alias])].map((variable) => [
    variable,
    from(key, credentialPath(name)),
  ]);

/** The authorities of the operating system, where a variable names them: slim images have none. */
function authorities({ variables }: ContainerProcess): YamlMap {
  const named = variables.find(({ content }) => content.value === systemCertificates);
  return named ? { volumes: [from(named.content.key, `${systemCertificates}:${systemCertificates}:ro`)] } : {};
}

/** Names of the services that a project's processes need: the database and the cache, where they run in containers. */
export const neighboursOf = ({ database, cache }: CompileInput['spec']): string[] => [
  ...(database?.placement === 'compose' ? [composeServices.database] : []),
  ...(cache?.placement === 'compose' ? [composeServices.cache] : []),
];

const dependencies = (spec: CompileInput['spec']): YamlMap => {
  const neighbours = neighboursOf(spec);
  const healthy = { condition: 'service_healthy' };
  return neighbours.length > 0 ? { depends_on: Object.fromEntries(neighbours.map((name) => [name, healthy])) } : {};
};

const networksOf = (spec: CompileInput['spec'], network: boolean): string[] => [
  ...(network ? ['default'] : []),
  ...(neighboursOf(spec).length > 0 || !network ? [internalNetwork] : []),
];

/** A check by a request to the process itself, whose address is an argument and no part of the script. */
export const healthTest = (path: string): readonly [string, string, string, string] => [
  'node',
  '-e',
  'fetch(process.argv[1]).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))',
  `http://127.0.0.1:${containerPort}${path}`,
];

/** Web instance number `instance`, from 1; published where the proxy looks for it. */
export function webProcess(input: CompileInput, instance: number, addresses: readonly string[]): ContainerProcess {
  const { app, containers } = input.spec;
  const port = gatePort(app.port, instance);
  const [command, option, script, url] = healthTest(app.health.live);
  return {
    service: `web-${instance}`,
    key: 'app',
    command: from('app.start', app.start),
    memory: containers.memory ? from('containers.memory', containers.memory) : from('app.memory', app.memory),
    heap: app.heap === undefined ? undefined : from('app.heap', app.heap),
    drain: from('app.drain', app.drain),
    // A container whose port is published must be in a network that leads outside.
    network: true,
    variables: [
      { variable: from('app', 'PORT'), content: from('app', String(containerPort)) },
      ...lifetimeVariables(input.spec),
      ...sharedVariables(input),
    ],
    credentials: credentialsOf(input),
    own: {
      ports: addresses.map((address) => from('app.port', `${address}:${port}:${containerPort}`)),
      healthcheck: {
        test: ['CMD', command, option, script, from('app.health.live', url)],
        interval: '10s',
        timeout: '5s',
        retries: 3,
        start_period: inSeconds(from('app.health.timeout', app.health.timeout)),
        ...(input.target.compose.startInterval ? { start_interval: '1s' } : {}),
      },
      restart: 'unless-stopped',
    },
  };
}

/** Process number `instance`, from 1, of a worker. */
export function workerProcess(input: CompileInput, name: string, instance: number): ContainerProcess {
  const worker = input.spec.app.workers[name]!;
  const key = `app.workers.${name}`;
  return {
    service: `worker-${name}-${instance}`,
    key,
    command: from(`${key}.command`, worker.command),
    memory: from(`${key}.memory`, worker.memory),
    drain: from(`${key}.drain`, worker.drain),
    network: worker.network,
    variables: [...sharedVariables(input), ...ownVariables(`${key}.env`, worker.env)],
    credentials: credentialsOf(input, key, worker.secrets),
    // The check of an image's web process does not fit.
    own: { healthcheck: { disable: true }, restart: 'unless-stopped' },
  };
}

/** What runs once and is started by name only: its profile keeps it out of `up`. */
const once = { healthcheck: { disable: true }, restart: 'no', profiles: ['once'] };

/** The process of a scheduled job. */
export function jobProcess(input: CompileInput, name: string): ContainerProcess {
  const job = input.spec.app.jobs[name]!;
  const key = `app.jobs.${name}`;
  return {
    service: `job-${name}`,
    key,
    command: from(`${key}.command`, job.command),
    memory: from(`${key}.memory`, job.memory),
    drain: from('app.drain', input.spec.app.drain),
    network: job.network,
    variables: [...sharedVariables(input), ...ownVariables(`${key}.env`, job.env)],
    credentials: credentialsOf(input, key, job.secrets),
    own: once,
  };
}

/** The process that brings the database up to date. The server's limits for requests are not for it. */
export function migrationProcess(input: CompileInput, migrations: string): ContainerProcess {
  const { app } = input.spec;
  const unlimited = '-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0';
  return {
    service: 'migrate',
    key: 'app.migrations',
    command: from('app.migrations', migrations),
    memory: from('app.memory', app.memory),
    drain: from('app.drain', app.drain),
    network: app.network,
    variables: [
      ...sharedVariables(input),
      { variable: from('app.migrations', 'PGOPTIONS'), content: from('app.migrations', unlimited) },
    ],
    credentials: credentialsOf(input),
    own: once,
  };
}
