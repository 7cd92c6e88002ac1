/** Environment variables of a Compose service: what may stand in deploy.yaml, and what must not. */
import type { KeyPath } from '../spec/document.ts';
import { type ComposeService, interpolated, type Lose, listOf, pairsOf } from './compose-file.ts';

/** What a process gets. */
export interface Variables {
  readonly env: Readonly<Record<string, string>>;
  /** Names in the section `secrets`, each with the variable of the machine that applies which holds it. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What is already told in another way: by the sections that the import made. */
export interface Surroundings {
  /** Names of the services that became sections, which addresses in variables lead to. */
  readonly neighbours: readonly string[];
}

const looksSecret = (name: string, value: string | undefined) =>
  /PASS(WORD|WD|PHRASE)?$|SECRET|TOKEN|(^|_)KEY$|CREDENTIAL|PRIVATE/i.test(name) ||
  /:\/\/[^/@\s]*:[^/@\s]+@/.test(value ?? '');

/** Variables that Fairlead sets for every process. */
const given =
  /^(PORT|HOST|NODE_ENV|NODE_OPTIONS|TRUST_PROXY|REDIS_URL|CREDENTIALS_DIRECTORY|PG(HOST|PORT|USER|DATABASE|PASSWORD|PASSFILE|SSLMODE|SSLROOTCERT)|DB_POOL_\w+|DRAIN_(LIMIT|WEBSOCKETS)_MS|RECYCLE_\w+)$/;

/** The variables of a service. Values that look like secrets are left where they are. */
export function variablesOf(service: ComposeService, { neighbours }: Surroundings, lose: Lose): Variables {
  const env: Record<string, string> = {};
  const secrets = new Map<string, string>();
  for (const { name, value, path } of pairsOf(service.keys.environment, [...service.path, 'environment'])) {
    const leads = neighbours.find((one) => new RegExp(`(^|//|@)${escaped(one)}($|[:/])`).test(value ?? ''));
    if (given.test(name))
      lose(
        path,
        `${name} is set by Fairlead`,
        'nothing, when the program takes what it gets; see docs/reference.md, app.env',
      );
    else if (leads) lose(path, `${name} leads to the service ${leads}`, addressFix(leads));
    else if (looksSecret(name, value)) secrets.set(...secretOf(name, path, lose));
    else keep(name, value, path, env, lose);
  }
  for (const [index, one] of listOf(service.keys.env_file).entries()) {
    const file = typeof one === 'object' ? JSON.stringify(one) : String(one);
    lose(
      [...service.path, 'env_file', index],
      `the variables of ${file} were not read`,
      'write them below app.env, and those that are secret below secrets and app.secrets',
    );
  }
  return { env, secrets };
}

const escaped = (text: string) => text.replaceAll(/[^\w-]/g, '\\$&');

const addressFix = (service: string) =>
  `read the place of ${service} from what Fairlead sets: PGHOST, PGDATABASE and PGUSER for the database, REDIS_URL for the cache`;

function secretOf(variable: string, path: KeyPath, lose: Lose): [string, string] {
  const name = variable
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_')
    .replace(/^[^A-Z]+/, 'S_')
    .slice(0, 64);
  lose(
    path,
    `${variable} looks like a secret; its value was not copied`,
    `set ${variable} where you run apply, and let the program read the file whose path is in ${name}_FILE`,
  );
  return [name, variable];
}

function keep(name: string, value: string | undefined, path: KeyPath, env: Record<string, string>, lose: Lose): void {
  const known = value === undefined ? undefined : interpolated(value);
  if (known === undefined) lose(path, `${name} takes its value from the shell`, `write it below app.env: "${name}: …"`);
  else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.length > 100)
    lose(path, `${name} is no name that a variable can have here`, 'rename it to letters, digits and underscores');
  else env[name] = known;
}
