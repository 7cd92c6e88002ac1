import type { KeyPath } from '../document.ts';
import type { ResolvedDeployFile } from '../types.ts';
import { error, type Rule, type RuleContext } from './rule.ts';

const isCompose = ({ app }: ResolvedDeployFile) => app.runtime === 'compose';

const runtimeNeedsImage: Rule = ({ document, spec }) =>
  isCompose(spec) && spec.app.image === undefined
    ? [
        error(
          document,
          ['app', 'runtime'],
          'app.image-missing',
          'app.runtime compose runs an image, and app.image names none',
          `add it: "image: ghcr.io/your-name/${spec.name}"`,
        ),
      ]
    : [];

/** The sections that may run in containers of their own, each with what it is called. */
const placed = [
  ['database', 'the database'],
  ['cache', 'the cache'],
] as const;

type Placed = (typeof placed)[number];

/** What a rule finds for each section that is there. */
const forEach = (context: RuleContext, find: (section: Placed, placement: string) => [string, string, string][]) =>
  placed.flatMap(([key, noun]) => {
    const placement = context.spec[key]?.placement;
    const path: KeyPath = [key, 'placement'];
    return placement === undefined
      ? []
      : find([key, noun] as Placed, placement).map(([code, message, fix]) =>
          error(context.document, path, `${key}.${code}`, message, fix),
        );
  });

const placementNeedsRuntime: Rule = (context) =>
  forEach(context, ([key], placement) =>
    placement === 'compose' && !isCompose(context.spec)
      ? [
          [
            'placement-runtime',
            `${key}.placement compose needs app.runtime compose: only containers reach it`,
            `use ${key}.placement: host, or app.runtime: compose`,
          ],
        ]
      : [],
  );

/** Hosts whose containers would have to reach a database or a cache that only the containers of its own host reach. */
const processHosts = ({ hosts }: RuleContext) =>
  hosts.map(({ host }) => host).filter(({ roles }) => roles.includes('app') || roles.includes('worker'));

const placementNeedsOneHost: Rule = (context) =>
  forEach(context, ([key, noun], placement) =>
    placement === 'compose' && isCompose(context.spec) && processHosts(context).length > 1
      ? [
          [
            'placement-hosts',
            `${key}.placement compose puts ${noun} beside the program, which runs on ${processHosts(context).length} hosts`,
            key === 'database'
              ? 'use database.placement: external, or give the roles app and worker to one host'
              : 'leave the section out, or give the roles app and worker to one host',
          ],
        ]
      : [],
  );

/** A socket of the host is out of reach of a container, and so is a server that listens on nothing else. */
const containersReachNoSockets: Rule = (context) =>
  forEach(context, ([key, noun], placement) => {
    const local = processHosts(context).some(({ roles }) => key === 'cache' || roles.includes('database'));
    return placement === 'host' && isCompose(context.spec) && local
      ? [
          [
            'placement-socket',
            `containers do not reach ${noun} of their own host, which listens on a socket`,
            `use ${key}.placement: compose${key === 'database' ? ' or external' : ''}`,
          ],
        ]
      : [];
  });

const databaseContainerNeedsPassword: Rule = ({ document, spec }) =>
  spec.database?.placement === 'compose' && spec.database.password === undefined
    ? [
        error(
          document,
          ['database', 'placement'],
          'database.password-missing',
          'a database in a container asks for a password, and database.password names none',
          'add "password: DB_PASSWORD" to database, and "DB_PASSWORD: { from: generated }" to secrets',
        ),
      ]
    : [];

const databaseContainerHasNoPooler: Rule = ({ document, spec }) =>
  spec.database?.placement === 'compose' && spec.database.pooler.enabled
    ? [
        error(
          document,
          ['database', 'pooler', 'enabled'],
          'database.pooler-compose',
          'PgBouncer stands only before a database on a host, and this one is in a container',
          'delete it: the containers of one host need no pooler',
        ),
      ]
    : [];

const staticFilesNeedRelease: Rule = ({ document, spec }) =>
  isCompose(spec) && spec.proxy && spec.proxy.static.length > 0
    ? [
        error(
          document,
          ['proxy', 'static'],
          'proxy.static-compose',
          'Nginx serves static files from a release, and with app.runtime compose they are inside the image',
          'delete proxy.static and let the program serve them, or use app.runtime: systemd',
        ),
      ]
    : [];

/** Lists of foreign lines whose file is not compiled, each with why. */
const patchesWithoutFile = (spec: ResolvedDeployFile): [KeyPath, string][] => [
  ...(isCompose(spec)
    ? (['web', 'worker', 'job'] as const)
        .filter((list) => spec.patches.systemd[list].length > 0)
        .map((list): [KeyPath, string] => [['patches', 'systemd', list], 'processes run in containers'])
    : []),
  ...(spec.database?.placement === 'compose' && spec.patches.postgres.length > 0
    ? [[['patches', 'postgres'], 'the database runs in a container'] as [KeyPath, string]]
    : []),
  ...(spec.cache?.placement === 'compose' && spec.patches.redis.length > 0
    ? [[['patches', 'redis'], 'the cache runs in a container'] as [KeyPath, string]]
    : []),
];

const patchesNeedTheirFile: Rule = ({ document, spec }) =>
  patchesWithoutFile(spec).map(([path, because]) =>
    error(
      document,
      path,
      'patches.no-file',
      `${path.join('.')} has no file to stand in, because ${because}`,
      'delete the lines',
      'key',
    ),
  );

/** Rules about the program, its database and its cache in containers. */
export const containerRules: readonly Rule[] = [
  runtimeNeedsImage,
  placementNeedsRuntime,
  placementNeedsOneHost,
  containersReachNoSockets,
  databaseContainerNeedsPassword,
  databaseContainerHasNoPooler,
  staticFilesNeedRelease,
  patchesNeedTheirFile,
];
