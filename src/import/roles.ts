/** What each service of a Compose file is to a project. */
import { type ComposeService, textOf } from './compose-file.ts';

export type ServiceRole = 'app' | 'worker' | 'database' | 'cache' | 'proxy' | 'other';

export interface Roles {
  readonly app?: ComposeService;
  readonly workers: readonly ComposeService[];
  readonly database?: ComposeService;
  readonly cache?: ComposeService;
  readonly proxies: readonly ComposeService[];
  readonly others: readonly ComposeService[];
}

const images: readonly (readonly [ServiceRole, RegExp])[] = [
  ['database', /(^|\/)(postgres|postgresql|postgis|timescaledb|pgvector)[^/]*$/],
  ['cache', /(^|\/)(redis|valkey|redis-stack)[^/]*$/],
  ['proxy', /(^|\/)(nginx|nginx-proxy|traefik|caddy|haproxy|certbot|acme-companion|swag)[^/]*$/],
  [
    'other',
    /(^|\/)(mysql|mariadb|mongo|memcached|rabbitmq|elasticsearch|opensearch|minio|adminer|pgadmin4|mailhog|mailpit)[^/]*$/,
  ],
];

const roleByImage = ({ keys }: ComposeService): ServiceRole | undefined =>
  images.find(([, pattern]) => pattern.test((textOf(keys.image) ?? '').split(/[:@]/)[0] ?? ''))?.[0];

/** How likely a service is the program that answers requests. */
function rankOf({ name, keys }: ComposeService): number {
  const named = /^(app|web|api|server|backend|site|www)/.test(name) ? 4 : 0;
  const worker = /worker|queue|cron|job|scheduler|migrat/.test(name) ? -8 : 0;
  return named + worker + (keys.build === undefined ? 0 : 2) + (keys.ports === undefined ? 0 : 1);
}

const programOf = ({ keys }: ComposeService) =>
  JSON.stringify([keys.build ?? null, keys.build === undefined ? keys.image : null]);

/** Finds the program, its background processes, its database and its cache among the services. */
export function rolesOf(services: readonly ComposeService[]): Roles {
  const having = (role: ServiceRole) => services.filter((service) => roleByImage(service) === role);
  const programs = services.filter((service) => service.keys.build !== undefined || roleByImage(service) === undefined);
  const app = [...programs].sort((a, b) => rankOf(b) - rankOf(a))[0];
  const workers = programs.filter((one) => app && one !== app && programOf(one) === programOf(app));
  const [database, cache] = [having('database')[0], having('cache')[0]];
  const found = [app, database, cache, ...workers, ...having('proxy')];
  return {
    ...(app ? { app } : {}),
    ...(database ? { database } : {}),
    ...(cache ? { cache } : {}),
    workers,
    proxies: having('proxy').filter((one) => one !== app),
    others: services.filter((one) => !found.includes(one)),
  };
}
