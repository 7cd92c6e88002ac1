import type { Diagnostic } from '../diagnostic.ts';
import { failure } from '../diagnostic.ts';
import type { SourceFile } from '../spec/document.ts';
import { parse } from '../spec/parse.ts';
import { byPlace } from '../spec/validate.ts';
import { appOf } from './app.ts';
import { cacheOf, databaseOf } from './backing.ts';
import { type ComposeMap, isMap, type Lose, losing, merged, servicesOf, textOf } from './compose-file.ts';
import { type Roles, rolesOf } from './roles.ts';
import { deployText } from './write.ts';

/** A first deploy.yaml and what it does not say that the Compose file did. */
export interface Imported {
  readonly name: string;
  readonly text: string;
  /** In the order of the Compose file. */
  readonly losses: readonly Diagnostic[];
}

/**
 * Reads a Compose file into a first deploy.yaml. Values that look like secrets are never copied.
 *
 * @param name of the project; what the file calls itself, else its main service, when it is left out.
 * @throws DiagnosticsError when the file is no YAML, or has no service that could be the program.
 */
export function importCompose(file: SourceFile, name?: string): Imported {
  const document = parse(file);
  const plain = merged(document.toPlain());
  const compose = isMap(plain) ? plain : {};
  const roles = rolesOf(servicesOf(compose));
  if (!roles.app) {
    throw failure({
      code: 'import.no-program',
      subject: file.path,
      message: 'no service of this file could be the program: all have images of databases, caches or proxies',
      fix: 'name a Compose file with a service that has "build:" or the image of your program',
    });
  }
  const { losses, lose } = losing(document);
  const project = projectName(name ?? textOf(compose.name) ?? roles.app.name);
  const text = deployText(project, sectionsOf(project, roles, lose), file.path);
  lost(compose, roles, lose);
  return { name: project, text, losses: losses.sort(byPlace) };
}

/** A name that a project can have, out of any text. */
export const projectName = (text: string): string => {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 24)
    .replace(/-+$/, '');
  return name.length >= 2 ? name : 'my-app';
};

function sectionsOf(name: string, { app: service, workers, database, cache }: Roles, lose: Lose): ComposeMap {
  const neighbours = [database, cache].flatMap((one) => (one ? [one.name] : []));
  const { app, secrets } = appOf(service!, workers, { neighbours }, lose);
  const runtime = app.runtime === 'compose' ? 'compose' : 'systemd';
  const declared: Record<string, ComposeMap> = Object.fromEntries(
    [...secrets].map(([secret, variable]) => [secret, { from: 'env', ...(variable === secret ? {} : { variable }) }]),
  );
  if (database && runtime === 'compose') declared.DB_PASSWORD = { from: 'generated' };
  return {
    app,
    proxy: { domains: [`${name}.example.com`] },
    tls: { email: 'you@example.com' },
    ...(database ? { database: databaseOf(database, runtime, lose), backups: { engine: 'none' } } : {}),
    ...(cache ? { cache: cacheOf(cache, runtime, lose) } : {}),
    ...(Object.keys(declared).length > 0 ? { secrets: declared } : {}),
  };
}

/** What no section of deploy.yaml takes. */
function lost(compose: ComposeMap, { proxies, others, database }: Roles, lose: Lose): void {
  for (const { name, path } of proxies) {
    lose(
      path,
      `the proxy ${name} gives way to the site that Fairlead compiles`,
      'carry its domains, paths and limits over to the section proxy',
    );
  }
  for (const { name, path } of others) {
    lose(path, `the service ${name} was not carried over`, 'run it elsewhere, or keep it in a Compose file of its own');
  }
  if (database) {
    lose(
      database.path,
      'deploy.yaml says backups: none, since a Compose file does not tell where they could go',
      'describe a place for them in the section backups',
    );
  }
  for (const key of ['networks', 'configs', 'secrets', 'include', 'models']) {
    const keys = isMap(compose[key]) ? Object.keys(compose[key]) : [];
    const named = keys.length > 0 ? keys.map((one) => [key, one]) : key in compose ? [[key]] : [];
    for (const path of named) {
      lose(
        path,
        `${path.join('.')} was not carried over`,
        key === 'secrets' ? 'declare it in the section secrets' : 'nothing, when only the services of this file use it',
      );
    }
  }
}
