import { sectionCredentials } from '../../compile/app/credentials.ts';
import type { ResolvedDeployFile } from '../types.ts';
import { type ProcessKeys, processesOf, recycles } from './processes.ts';
import { error, type Rule } from './rule.ts';

/** Variables that the compiled files set themselves, by the section that makes them (compile/app/environment.ts). */
const ownVariables = (spec: ResolvedDeployFile): string[] => [
  'PORT',
  'NODE_ENV',
  'NODE_OPTIONS',
  'CREDENTIALS_DIRECTORY',
  ...(spec.app.listen === 'port' ? ['HOST'] : []),
  ...(spec.proxy ? ['TRUST_PROXY'] : []),
  'DRAIN_LIMIT_MS',
  'DRAIN_WEBSOCKETS_MS',
  ...(recycles(spec.app) ? ['RECYCLE_REQUESTS', 'RECYCLE_MEMORY', 'RECYCLE_JITTER'] : []),
  ...(spec.database ? databaseVariables : []),
  ...(spec.cache ? ['REDIS_URL'] : []),
  ...(spec.storage ? ['S3_BUCKET', 'S3_REGION', 'S3_ENDPOINT', 'S3_PREFIX', 'S3_URL_SECONDS'] : []),
  ...(spec.mail ? ['SMTP_HOST', 'SMTP_PORT', 'SMTP_TLS', 'SMTP_USER', 'SMTP_FROM'] : []),
  ...sectionCredentials(spec).map(({ name }) => `${name}_FILE`),
];

const databaseVariables = [
  ...['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD', 'PGPASSFILE', 'PGSSLMODE', 'PGSSLROOTCERT'],
  ...['DB_POOL_MAX', 'DB_POOL_MIN', 'DB_POOL_ACQUIRE_MS', 'DB_POOL_IDLE_MS', 'DB_POOL_MAX_USES'],
];

const reservedVariable: Rule = ({ document, spec }) =>
  processesOf(spec).flatMap(({ path, env, secrets }) => {
    const own = new Set([...ownVariables(spec), ...[...spec.app.secrets, ...secrets].map((name) => `${name}_FILE`)]);
    return Object.keys(env)
      .filter((name) => own.has(name))
      .map((name) =>
        error(
          document,
          [...path, 'env', name],
          'app.env-reserved',
          `${[...path, 'env', name].join('.')} is set by Fairlead`,
          'delete it, or use another name',
          'key',
        ),
      );
  });

/** One name, one file: what a process finds as NAME_FILE cannot be two secrets. */
const secretNameIsFree: Rule = ({ document, spec }) =>
  processesOf(spec).flatMap(({ path, secrets }) =>
    secrets.flatMap((secret, index) => {
      const taken = sectionCredentials(spec).find(({ name }) => name === secret);
      if (!taken || taken.secret === secret) return [];
      return [
        error(
          document,
          [...path, 'secrets', index],
          'app.secret-taken',
          `${secret}_FILE is where processes find ${taken.key}, which is the secret ${taken.secret}`,
          `give ${secret} another name, or set ${taken.key}: ${secret}`,
        ),
      ];
    }),
  );

/** Bytes of variables that a program can be started with, with room for what systemd adds; Linux refuses more (execve(2)). */
const environmentLimit = 1_000_000;

const bytesOf = (env: ProcessKeys['env']) =>
  Object.entries(env).reduce((sum, [name, value]) => sum + Buffer.byteLength(`${name}=${value}`) + 1, 0);

const environmentIsSmallEnough: Rule = ({ document, spec }) =>
  processesOf(spec)
    .map(({ path, kind, env }) => ({ path, size: bytesOf(env) + (kind === 'web' ? 0 : bytesOf(spec.app.env)) }))
    .filter(({ size }) => size > environmentLimit)
    .map(({ path, size }) =>
      error(
        document,
        document.has([...path, 'env']) ? [...path, 'env'] : ['app', 'env'],
        'app.env-size',
        `the variables of ${path.join('.')} come to ${size} bytes, and a program can hardly be started with more than ${environmentLimit}`,
        'keep what is large in a file of the program',
      ),
    );

/** Rules about the environment of processes. */
export const environmentRules: readonly Rule[] = [reservedVariable, secretNameIsFree, environmentIsSmallEnough];
