// Generated from schema/sections/*.yaml by `npm run generate`: change those.

export type SecretName = string;
export type DomainOrWildcard = string;
export type Network = string;
export type Line = string;
/**
 * In the site's file, outside its servers.
 *
 * @maxItems 200
 */
export type PatchLines = Line[];
/**
 * In the server that answers for the domains.
 *
 * @maxItems 200
 */
export type PatchLines1 = Line[];
/**
 * In the location that leads to the program.
 *
 * @maxItems 200
 */
export type PatchLines2 = Line[];
/**
 * In the http block of Nginx's main file.
 *
 * @maxItems 200
 */
export type PatchLines3 = Line[];
/**
 * In the [Service] section of web instances.
 *
 * @maxItems 200
 */
export type PatchLines4 = Line[];
/**
 * In the [Service] section of all workers.
 *
 * @maxItems 200
 */
export type PatchLines5 = Line[];
/**
 * In the [Service] section of all jobs.
 *
 * @maxItems 200
 */
export type PatchLines6 = Line[];
/**
 * In the database server's configuration.
 *
 * @maxItems 200
 */
export type PatchLines7 = Line[];
/**
 * In the configuration of Redis.
 *
 * @maxItems 200
 */
export type PatchLines8 = Line[];
/**
 * In the SSH server's configuration.
 *
 * @maxItems 200
 */
export type PatchLines9 = Line[];
/**
 * In the firewall's input chain, before the end that drops.
 *
 * @maxItems 200
 */
export type PatchLines10 = Line[];
/**
 * Resources that stay on their hosts when they leave this file, by id, as plans print them: kind, colon, name. A star stands for any text. The mark is kept on the host, so it outlives this entry: to remove such a resource, apply once without the entry while the resource is still in the file, then remove it.
 *
 * @maxItems 100
 *
 * Items: The id of a resource, in which a star stands for any text.
 */
export type Protect = string[];

/**
 * What one web application needs from its hosts. Every key that deploy.yaml may contain is described here and nowhere else.
 */
export interface ResolvedDeployFile {
  /**
   * Name of the project. It names the system user, the units, the Nginx site and, by default, the database on every host, so it cannot change without moving the project.
   */
  name: string;
  app: ResolvedApp;
  proxy?: ResolvedProxy;
  tls: ResolvedTls;
  database?: ResolvedDatabase;
  cache?: ResolvedCache;
  storage?: ResolvedStorage;
  mail?: ResolvedMail;
  backups: ResolvedBackups;
  secrets: ResolvedSecrets;
  secretsFile: ResolvedSecretsFile;
  host: ResolvedHostBaseline;
  observability: ResolvedObservability;
  containers: ResolvedContainers;
  ci: ResolvedCi;
  patches: ResolvedPatches;
  protect: Protect;
}
/**
 * The program: where its source is, how it is built, and which processes it runs as.
 */
export interface ResolvedApp {
  /**
   * Folder with the source, relative to deploy.yaml; "." is the folder of deploy.yaml itself. Files that Git ignores are left out.
   */
  source: string;
  /**
   * How the processes run on a host. systemd: as hardened units with the Node.js that app.node names. compose: as containers of app.image, by Docker Compose under a unit.
   */
  runtime: 'systemd' | 'compose';
  /**
   * Container image without tag or digest, for app.runtime compose and for the image that CI builds and pushes.
   */
  image?: string;
  /**
   * Shell command that builds the program. It runs on the machine that applies, in a clean copy of the source; everything that is in the copy afterwards is shipped. "true" builds nothing.
   */
  build: string;
  /**
   * Command that starts one web instance, run in the shipped folder without a shell. It begins with node, which stands for the runtime that app.node names. The instance listens where PORT says.
   */
  start: string;
  /**
   * Major version of Node.js that is carried to the host. The host's own version, if any, is never used.
   */
  node: 22 | 24;
  /**
   * Where an instance can listen. socket: on the unix socket whose path is in PORT. port: only on a TCP port, whose number is in PORT; a socket proxy of systemd stands in front, so that a release still drops no request.
   */
  listen: 'socket' | 'port';
  /**
   * First TCP port of the instances on a host, one more for each; used with app.runtime compose and, in the private network, where the proxy runs on another host. With app.listen port the instances of the two slots listen from 100 and from 200 above it, on the loopback interface.
   */
  port: number;
  /**
   * How many web processes share the load on each host with the role app.
   */
  instances: number;
  /**
   * Memory ceiling of one web instance, for systemd's MemoryMax. The heap of Node.js gets three quarters of it, or app.heap.
   */
  memory: string;
  /**
   * Ceiling of the JavaScript heap of one web instance (--max-old-space-size). Three quarters of app.memory when it is left out.
   */
  heap?: string;
  /**
   * Whether the web processes may use the network. Without it only unix sockets work; the proxy, the database and the cache of the same host are reached over those.
   */
  network: boolean;
  health: ResolvedHealth;
  /**
   * How long an instance may take to finish its requests after SIGTERM before it is killed.
   */
  drain: string;
  /**
   * How long a web instance keeps its WebSockets after SIGTERM before the program closes them with 1001 (going away), as DRAIN_WEBSOCKETS_MS. When it is left out, 10s, or half of what DRAIN_LIMIT_MS says where that is less. DRAIN_LIMIT_MS is the time after which the program should give up by itself, a quarter of app.drain before its end, and 3s at most.
   */
  drainWebsockets?: string;
  recycle: ResolvedRecycle;
  env: EnvironmentVariables;
  /**
   * Secrets that all processes get, as systemd credentials. NAME_FILE holds the path of the file that each is read from. Those of other sections come without being listed here, as DB_PASSWORD_FILE, REDIS_PASSWORD_FILE, S3_ACCESS_KEY_FILE, S3_SECRET_KEY_FILE and SMTP_PASSWORD_FILE.
   *
   * @maxItems 100
   */
  secrets: SecretName[];
  /**
   * Command that brings the database to what the release needs. It runs once per release, as the program's user and in its folder, before the release goes live; if it fails the old release stays. It begins with node, like app.start.
   */
  migrations?: string;
  /**
   * Background processes beside the web ones, by name, such as queue consumers. They run on the hosts with the role worker.
   */
  workers: {
    [k: string]: ResolvedWorker;
  };
  /**
   * Commands that run on a schedule, by name. Each runs on one host only, the first with the role worker, and never twice at once.
   */
  jobs: {
    [k: string]: ResolvedJob;
  };
}
/**
 * How to tell that an instance is well.
 */
export interface ResolvedHealth {
  /**
   * Path that answers 2xx once an instance can serve requests. A release goes live only when every instance does.
   */
  ready: string;
  /**
   * Path that answers 2xx while the process is well, whatever its database does; for container health checks and monitors.
   */
  live: string;
  /**
   * How long the instances of a release may take to get ready before it is given up.
   */
  timeout: string;
  /**
   * How long every instance of a release must stay ready before the release goes live. What crashes in its first seconds is never asked. A rollback to a release that has served before does not wait for it.
   */
  steady: string;
}
/**
 * When a web instance ends by itself so that a fresh one takes its place. Fairlead passes the limits to the program as RECYCLE_REQUESTS, RECYCLE_MEMORY (in bytes) and RECYCLE_JITTER (in percent), and systemd starts the next one. The program has to see to it that one goes at a time, and only while another is ready, as the bundled service does on its unix sockets; it needs two instances or more. With app.listen port, and with app.runtime compose, instances do not find each other, so requests may fail while one starts again.
 */
export interface ResolvedRecycle {
  /**
   * After so many requests; 0 means never.
   */
  requests: number;
  /**
   * Share of the limits, in percent, by which those of an instance are lower at random, so that instances do not end together.
   */
  jitter: number;
  /**
   * At this much memory the kernel slows the instance down and takes pages back (systemd's MemoryHigh), and the program may end itself.
   */
  memory?: string;
}
/**
 * Environment variables of all processes. They are part of the release, so a rollback restores them. Not for secrets, since they stand in the compiled tree.
 */
export interface EnvironmentVariables {
  [k: string]: string | number | boolean;
}
/**
 * One kind of background process.
 */
export interface ResolvedWorker {
  /**
   * Command that starts one process; it begins with node, like app.start.
   */
  command: string;
  /**
   * How many of them run on each host with the role worker.
   */
  instances: number;
  /**
   * Memory ceiling of one process.
   */
  memory: string;
  /**
   * Whether it may use the network.
   */
  network: boolean;
  /**
   * How long it may take to finish its work after SIGTERM before it is killed.
   */
  drain: string;
  env: EnvironmentVariables1;
  /**
   * Secrets of this process beside app.secrets.
   *
   * @maxItems 100
   */
  secrets: SecretName[];
}
/**
 * Environment variables of this process beside app.env.
 */
export interface EnvironmentVariables1 {
  [k: string]: string | number | boolean;
}
/**
 * One scheduled command.
 */
export interface ResolvedJob {
  /**
   * Command that does the job; it begins with node, like app.start.
   */
  command: string;
  /**
   * When it runs, in the host's time zone.
   */
  schedule: string;
  /**
   * How long it may take before it is ended.
   */
  timeout: string;
  /**
   * By how much at most its start is put off at random.
   */
  jitter?: string;
  /**
   * Memory ceiling.
   */
  memory: string;
  /**
   * Whether it may use the network.
   */
  network: boolean;
  env: EnvironmentVariables2;
  /**
   * Secrets of this job beside app.secrets.
   *
   * @maxItems 100
   */
  secrets: SecretName[];
}
/**
 * Environment variables of this job beside app.env.
 */
export interface EnvironmentVariables2 {
  [k: string]: string | number | boolean;
}
/**
 * The Nginx site in front of the program. Without this section there is none.
 */
export interface ResolvedProxy {
  /**
   * Names that the site answers to. The first is its main name, which redirects and checks use.
   *
   * @minItems 1
   * @maxItems 100
   */
  domains: DomainOrWildcard[];
  /**
   * Which of a name and its www. twin is the real one; the other is redirected to it. none: neither is added. drop: www.NAME goes to NAME. add: NAME goes to www.NAME.
   */
  www: 'none' | 'drop' | 'add';
  /**
   * TCP port for HTTP. With TLS it answers ACME challenges and redirects everything else to HTTPS.
   */
  port: number;
  /**
   * TCP port for HTTPS.
   */
  httpsPort: number;
  /**
   * Whether HTTP/2 is offered over TLS.
   */
  http2: boolean;
  /**
   * Whether HTTP/3 is offered over UDP on the HTTPS port.
   */
  http3: boolean;
  /**
   * Largest request body; a larger one is answered with 413.
   */
  bodyLimit: string;
  timeouts: ResolvedProxyTimeouts;
  /**
   * Whether text responses are compressed, and static files are served from their .gz twins where the build made any.
   */
  gzip: boolean;
  /**
   * Whether text responses are compressed by Brotli for clients that take it, and static files are served from their .br twins.
   */
  brotli: boolean;
  /**
   * Whether connections may be upgraded to WebSockets.
   */
  websockets: boolean;
  /**
   * Whether a client address always reaches the same instance, as Socket.IO's long polling needs.
   */
  sticky: boolean;
  /**
   * Folders of the release that Nginx serves itself.
   *
   * @maxItems 50
   */
  static: ResolvedStaticFiles[];
  /**
   * Base URL of a CDN. Requests for static files are redirected there, but for the CDN's own, which say so in Via or CDN-Loop.
   */
  cdn?: string;
  /**
   * Paths or whole names that are redirected.
   *
   * @maxItems 500
   */
  redirects: ResolvedRedirect[];
  /**
   * Paths that are treated in a way of their own. What a route leaves out is as for the rest of the site.
   *
   * @maxItems 200
   */
  routes: ResolvedRoute[];
  limits: ResolvedProxyLimits;
  headers: ResolvedSecurityHeaders;
  cors: ResolvedCors;
  auth: ResolvedBasicAuth;
  /**
   * Addresses that may use the site at all; all others get 403. Everyone when it is left out.
   *
   * @maxItems 500
   */
  allow: Network[];
  /**
   * Addresses that may not use the site.
   *
   * @maxItems 5000
   */
  deny: Network[];
  maintenance: ResolvedMaintenance;
  loadBalancer: ResolvedLoadBalancer;
  log: ResolvedAccessLog;
}
/**
 * How long the proxy waits, for an instance and for a client.
 */
export interface ResolvedProxyTimeouts {
  /**
   * To accept a connection.
   */
  connect: string;
  /**
   * Between two writes of a request.
   */
  send: string;
  /**
   * Between two reads of a response.
   */
  read: string;
  /**
   * For the next request of a client on the same connection.
   */
  idle: string;
}
/**
 * One folder of files.
 */
export interface ResolvedStaticFiles {
  /**
   * URL path that the files lie below; it ends with a slash.
   */
  path: string;
  /**
   * Folder in the shipped program.
   */
  folder: string;
  /**
   * How long browsers may keep a file (Cache-Control).
   */
  maxAge: string;
  /**
   * Whether browsers need not ask again while a file is fresh.
   */
  immutable: boolean;
  /**
   * What answers for a file that is not there. "404", or "app" to ask the program.
   */
  fallback: '404' | 'app';
}
/**
 * One redirect.
 */
export interface ResolvedRedirect {
  /**
   * The name that it holds for; one that proxy.domains does not list is redirected as a whole. All listed names when it is left out.
   */
  domain?: string;
  /**
   * The exact path, or with a slash at its end everything below it; / alone is the start page. Everything when it is left out, which needs a domain of its own.
   */
  from?: string;
  /**
   * A path, or a URL with its scheme.
   */
  to: string;
  /**
   * Status of the answer. 301 and 308 are remembered by browsers; 307 and 308 keep the method.
   */
  code: 301 | 302 | 307 | 308;
  /**
   * Whether the path and the query of the request follow the target, which then ends with its host name or port.
   */
  keepPath: boolean;
}
/**
 * One path and what differs there.
 */
export interface ResolvedRoute {
  /**
   * The exact path, or with a slash at its end everything below it; / alone is the start page.
   */
  path: string;
  /**
   * Where requests go: app, or another HTTP service by its IP address. Nginx looks names up only when it starts, and one that it cannot find stops all sites.
   */
  to: string;
  /**
   * Largest request body on this path.
   */
  bodyLimit?: string;
  /**
   * How long the proxy waits between two reads of a response on this path.
   */
  readTimeout?: string;
  /**
   * Whether responses are buffered; off for server-sent events and streams.
   */
  buffering: boolean;
  /**
   * Requests that one client address may make here.
   */
  rate?: string;
  /**
   * Requests above the rate that are let through before 429 is answered.
   */
  burst: number;
  /**
   * Addresses that may use this path, if proxy.allow and proxy.deny let them; all others get 403.
   *
   * @minItems 1
   * @maxItems 500
   */
  allow?: Network[];
  /**
   * Whether this path asks for proxy.auth.
   */
  auth: boolean;
}
/**
 * How much one client address may ask for. More is answered with 429.
 */
export interface ResolvedProxyLimits {
  /**
   * Requests of any kind.
   */
  rate?: string;
  /**
   * Requests above the rate that are let through first.
   */
  burst: number;
  /**
   * Requests that write (all methods but GET, HEAD and OPTIONS).
   */
  writeRate: string;
  /**
   * Writing requests above the rate that are let through first.
   */
  writeBurst: number;
  /**
   * Connections with a request at work.
   */
  connections: number;
  /**
   * Whether excess is only logged.
   */
  dryRun: boolean;
}
/**
 * Headers that the proxy adds to every response, in place of the program's own of these names.
 */
export interface ResolvedSecurityHeaders {
  /**
   * Content-Security-Policy, as it is sent. None when it is left out, since only the program knows what its pages load.
   */
  contentSecurityPolicy?: string;
  /**
   * X-Frame-Options; "none" sends none.
   */
  frameOptions: 'DENY' | 'SAMEORIGIN' | 'none';
  /**
   * Referrer-Policy.
   */
  referrerPolicy:
    | 'no-referrer'
    | 'no-referrer-when-downgrade'
    | 'origin'
    | 'origin-when-cross-origin'
    | 'same-origin'
    | 'strict-origin'
    | 'strict-origin-when-cross-origin'
    | 'unsafe-url';
  /**
   * Permissions-Policy, as it is sent.
   */
  permissionsPolicy?: string;
}
/**
 * Other origins whose pages may call the program. With origins the proxy answers preflights and replaces the program's own CORS headers; without, it adds nothing.
 */
export interface ResolvedCors {
  /**
   * Exact origins; there is no wildcard.
   *
   * @maxItems 100
   */
  origins: string[];
  /**
   * Methods that a preflight allows.
   *
   * @minItems 1
   */
  methods: ('GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')[];
  /**
   * Request headers that a preflight allows.
   *
   * @maxItems 50
   */
  headers: string[];
  /**
   * Whether cookies and authorization are sent along.
   */
  credentials: boolean;
  /**
   * How long a browser remembers a preflight.
   */
  maxAge: string;
}
/**
 * User name and password that the proxy asks for.
 */
export interface ResolvedBasicAuth {
  /**
   * What the browser's prompt says. The word off would switch Nginx's question off and is refused.
   */
  realm: string;
  /**
   * User names, each with the name of the secret that holds the password.
   */
  users: {
    [k: string]: SecretName;
  };
  /**
   * Whether the whole site asks for it; otherwise the routes do that say so.
   */
  everywhere: boolean;
}
/**
 * A page that answers 503 in place of the program.
 */
export interface ResolvedMaintenance {
  /**
   * Whether it answers now.
   */
  enabled: boolean;
  /**
   * What the page says.
   */
  message: string;
  /**
   * After which time clients may try again (Retry-After).
   */
  retryAfter: string;
  /**
   * Addresses that still reach the program.
   *
   * @maxItems 500
   */
  allow: Network[];
}
/**
 * A load balancer in front. Only its addresses may tell who the client is; with tls.provider none it ends TLS.
 */
export interface ResolvedLoadBalancer {
  /**
   * Addresses that it sends from.
   *
   * @maxItems 200
   */
  addresses: Network[];
  /**
   * How it tells the client's address. header: in X-Forwarded-For. proxy: by the PROXY protocol.
   */
  protocol: 'header' | 'proxy';
}
/**
 * The access log, one JSON object a line, with the times of the upstream.
 */
export interface ResolvedAccessLog {
  /**
   * Whether requests are logged.
   */
  enabled: boolean;
  /**
   * Whether query strings are logged. They may carry tokens.
   */
  query: boolean;
  /**
   * How many days logs are kept.
   */
  days: number;
}
/**
 * How connections from outside are encrypted.
 */
export interface ResolvedTls {
  /**
   * Who issues the certificates. letsencrypt: Let's Encrypt, by Certbot; using it agrees to its terms. acme: another ACME server, by Certbot. files: certificate and key of your own. self-signed: the host signs it itself, for labs: browsers warn. none: plain HTTP, for a load balancer in front or for tests.
   */
  provider: 'letsencrypt' | 'acme' | 'files' | 'self-signed' | 'none';
  /**
   * Contact of the ACME account, for tls.provider letsencrypt and acme. Let's Encrypt sends nothing to it about expiry; observability.alerts does.
   */
  email?: string;
  /**
   * Whether Let's Encrypt's staging server is used, whose certificates no browser trusts.
   */
  staging: boolean;
  /**
   * How control over the names is proven. http: by a file that Nginx serves. dns: by a DNS record, which tls.dnsHook sets; wildcards need it.
   */
  challenge: 'http' | 'dns';
  /**
   * JavaScript file in the shipped folder that sets (argument auth) and removes (argument clean) the DNS record _acme-challenge.$CERTBOT_DOMAIN with the text $CERTBOT_VALIDATION, and ends once all name servers show it. It runs as the program's user with the Node.js of the live release.
   */
  dnsHook?: string;
  /**
   * Secret that the DNS hook reads from the file that DNS_CREDENTIALS_FILE names.
   */
  dnsCredentials?: string;
  /**
   * Directory URL of the ACME server, for tls.provider acme.
   */
  server?: string;
  /**
   * Entry of the section secrets with the CA certificate in PEM that the ACME server's own certificate is checked by. It is public; "from file" names where it lies.
   */
  serverCa?: string;
  /**
   * Key identifier of an external account binding (RFC 8555, section 7.3.4).
   */
  accountKeyId?: string;
  /**
   * Secret with the HMAC key of the external account binding.
   */
  accountHmac?: string;
  /**
   * Entry of the section secrets with your certificate and its chain in PEM, for tls.provider files. It is public; "from file" names where it lies.
   */
  certificate?: string;
  /**
   * Secret with the private key in PEM, for tls.provider files.
   */
  key?: string;
  /**
   * Kind of the key that Certbot makes.
   */
  keyType: 'ecdsa' | 'rsa';
  /**
   * Certificate profile of the ACME server; shortlived ones last six days.
   */
  profile: 'classic' | 'tlsserver' | 'shortlived';
  /**
   * How long before its end a certificate is renewed. Let's Encrypt's last 90 days, 64 from February 2027 and 45 from February 2028, and shortlived ones six.
   */
  renewBefore: string;
  /**
   * Oldest TLS version that is spoken.
   */
  minVersion: '1.2' | '1.3';
  hsts: ResolvedHsts;
}
/**
 * Strict-Transport-Security, which tells browsers never to use plain HTTP. Raise its age in stages.
 */
export interface ResolvedHsts {
  /**
   * How long browsers remember it.
   */
  maxAge: string;
  /**
   * Whether it is sent.
   */
  enabled: boolean;
  /**
   * Whether it holds for all names below, too.
   */
  includeSubdomains: boolean;
  /**
   * Whether browsers may ship the name in their list. It takes months to undo.
   */
  preload: boolean;
}
/**
 * The database of the program. Without this section it has none.
 */
export interface ResolvedDatabase {
  /**
   * postgres is PostgreSQL.
   */
  engine: 'postgres';
  /**
   * Where it runs. host: on the hosts with the role database, from packages. compose: in a container beside the program's. external: somewhere else, such as a managed service, which database.external describes.
   */
  placement: 'host' | 'compose' | 'external';
  /**
   * Major version. The distribution's own when it is left out (15 on Debian 12, 17 on Debian 13, 14 on Ubuntu 22.04, 16 on Ubuntu 24.04).
   */
  version?: 14 | 15 | 16 | 17 | 18;
  /**
   * Where packages come from. distribution: the host's own. pgdg: apt.postgresql.org, which has every supported version; pgBackRest and PgBouncer then come from there too.
   */
  repository: 'distribution' | 'pgdg';
  /**
   * Name of the database; the project's name when it is left out.
   */
  name?: string;
  /**
   * Extensions that are created in the database; all come with the server.
   *
   * @maxItems 50
   */
  extensions: (
    | 'btree_gin'
    | 'btree_gist'
    | 'citext'
    | 'cube'
    | 'earthdistance'
    | 'fuzzystrmatch'
    | 'hstore'
    | 'intarray'
    | 'isn'
    | 'lo'
    | 'ltree'
    | 'pg_stat_statements'
    | 'pg_trgm'
    | 'pgcrypto'
    | 'seg'
    | 'tablefunc'
    | 'unaccent'
    | 'uuid-ossp'
  )[];
  /**
   * Memory that the server may plan with, for its settings. Half of the host's when it shares the host with the program, else all of it.
   */
  memory?: string;
  /**
   * Connections that the server accepts. What all pools may open plus a reserve of 20, and at least 50, when it is left out.
   */
  maxConnections?: number;
  pool: ResolvedPool;
  pooler: ResolvedPooler;
  timeouts: ResolvedDatabaseTimeouts;
  upgrades: ResolvedDatabaseUpgrades;
  /**
   * Networks besides the project's own hosts that may connect to the server, by TLS and password; the server listens on the host's privateAddress then.
   *
   * @maxItems 100
   */
  allow: Network[];
  /**
   * Secret with the password of the program's role, where peer authentication cannot serve because program and database are on different hosts, in containers or external.
   */
  password?: string;
  /**
   * What the program's role may do in the database of a host. data: read and write rows; all belongs to the role <name>-owner, which only migrations act as. owner: change the schema too, for a program that makes its tables by itself. When it is left out: data when app.migrations is set, else owner.
   */
  privileges?: 'data' | 'owner';
  migrator?: ResolvedMigrator;
  reader?: ResolvedReader;
  tls?: ResolvedDatabaseTls;
  external?: ResolvedExternalDatabase;
  /**
   * Settings of postgresql.conf. Names and values are checked, so it takes those that all supported versions know; patches.postgres takes any line.
   *
   * @maxItems 200
   */
  settings: ResolvedPostgresSetting[];
}
/**
 * The connection pool of each process, passed to it as DB_POOL_MAX, DB_POOL_MIN, DB_POOL_ACQUIRE_MS, DB_POOL_IDLE_MS and DB_POOL_MAX_USES.
 */
export interface ResolvedPool {
  /**
   * Connections of one process at most.
   */
  max: number;
  /**
   * Connections that are kept open.
   */
  min: number;
  /**
   * How long a request waits for a connection.
   */
  acquire: string;
  /**
   * How long an unused connection is kept.
   */
  idle: string;
  /**
   * After how many uses a connection is replaced; 0 means never.
   */
  maxUses: number;
}
/**
 * PgBouncer between the program and the server, in transaction mode, on each host that runs processes. Migrations go past it.
 */
export interface ResolvedPooler {
  /**
   * Whether it stands in between.
   */
  enabled: boolean;
  /**
   * Connections that it opens to the server, from each host.
   */
  size: number;
  /**
   * Connections that it accepts.
   */
  clients: number;
  /**
   * Whether the program gives its prepared statements names, as Prisma and pg's option name do. PgBouncer keeps those of several clients apart since 1.21, and does so where it can; true refuses hosts where it cannot.
   */
  preparedStatements: boolean;
}
/**
 * Limits that the server itself holds the program's role to.
 */
export interface ResolvedDatabaseTimeouts {
  /**
   * For one statement.
   */
  statement: string;
  /**
   * For a lock.
   */
  lock: string;
  /**
   * For a transaction in which nothing happens.
   */
  idleInTransaction: string;
}
/**
 * Updates of a host's server. Those within its major version (17.6 to 17.7) restart it, so they come in a window of their own, after a backup, and not with host.updates. Those to another one (15 to 17) are declared by next and from.
 */
export interface ResolvedDatabaseUpgrades {
  /**
   * When they are installed, in the host's time zone. One that was missed waits for the next.
   */
  window: string;
  /**
   * Whether they are installed then. When false, status says what waits, and systemctl start <name>-database-upgrade installs it.
   */
  automatic: boolean;
  /**
   * Major version that each restore drill rehearses the upgrade to, on the copy that it restores; its packages are installed beside. status says how long it took, or why it failed.
   */
  next?: 15 | 16 | 17 | 18;
  /**
   * Major version that may serve the data so far. An apply then moves them to database.version (pg_upgrade, by copying), once a drill has rehearsed that. The data of before stay on the host; with the two versions exchanged, an apply goes back to them.
   */
  from?: 14 | 15 | 16 | 17 | 18;
  /**
   * How long data of before an upgrade, or a restore, are meant to stay on the host. Nothing removes them by itself; from then on status says so, and how.
   */
  keep: string;
}
/**
 * The role that migrations run as when it is not the program's. In the database of a host it is <name>-migrate, a user of the system of its own, and needs no more than a password where the two are on different hosts.
 */
export interface ResolvedMigrator {
  /**
   * Role of an external database to log in as for migrations.
   */
  user?: string;
  /**
   * Secret with its password.
   */
  password?: string;
}
/**
 * The role <name>-read of a host's database, which reads everything and changes nothing. Administrators of the host (host.admins, root) become it by their login; who is in database.allow needs its password.
 */
export interface ResolvedReader {
  /**
   * Secret with its password.
   */
  password?: string;
}
/**
 * A certificate of your own for the server of a host, by which programs on other hosts know it. Without one they encrypt, and cannot tell whom they speak to.
 */
export interface ResolvedDatabaseTls {
  /**
   * Entry of the section secrets with the certificate and its chain in PEM, for the address that other hosts reach the server by (its subjectAltName). It is public; "from file" names where it lies.
   */
  certificate: string;
  /**
   * Secret with its private key in PEM.
   */
  key: string;
  /**
   * Entry of the section secrets with the certificates of the authorities, in PEM, that programs check it by. When it is left out, the certificate is its own, signed by itself.
   */
  ca?: string;
}
/**
 * Where an external database is reached.
 */
export interface ResolvedExternalDatabase {
  /**
   * Its IP address or DNS name.
   */
  host: string;
  /**
   * Its TCP port.
   */
  port: number;
  /**
   * Role to log in as; the project's name when it is left out.
   */
  user?: string;
  /**
   * verify-full checks the server's name and certificate; require only encrypts.
   */
  tls: 'verify-full' | 'require';
  /**
   * Secret with the CA certificate (PEM) that the server's is checked by; the certificates of the operating system when it is left out. It travels like a secret: {from: command, command: cat certificates/rds.pem} takes it from the project.
   */
  ca?: string;
}
/**
 * One setting.
 */
export interface ResolvedPostgresSetting {
  /**
   * Its name.
   */
  name: string;
  /**
   * Its value, without the quotes of the file.
   */
  value: string;
}
/**
 * Redis, for caching, sessions or the fan-out of WebSockets. Without this section there is none. Processes get its place as REDIS_URL.
 */
export interface ResolvedCache {
  /**
   * redis is Redis.
   */
  engine: 'redis';
  /**
   * host: on the hosts with the role app or worker (the first of them when there are several), in an instance of its own. compose: in a container.
   */
  placement: 'host' | 'compose';
  /**
   * Memory ceiling.
   */
  memory: string;
  /**
   * What it does when the memory is full.
   */
  policy:
    | 'noeviction'
    | 'allkeys-lru'
    | 'allkeys-lfu'
    | 'allkeys-random'
    | 'volatile-lru'
    | 'volatile-lfu'
    | 'volatile-random'
    | 'volatile-ttl';
  /**
   * Whether contents survive a restart. none: they do not. snapshot: as of the last minutes. log: every second.
   */
  persistence: 'none' | 'snapshot' | 'log';
  /**
   * Secret with its password; needed where it listens on a network.
   */
  password?: string;
}
/**
 * Object storage for uploads and media (S3 or compatible). Processes get it as S3_BUCKET, S3_REGION, S3_ENDPOINT, S3_PREFIX, S3_URL_SECONDS and the two credentials as files.
 */
export interface ResolvedStorage {
  /**
   * Name of the bucket.
   */
  bucket: string;
  /**
   * Region of the bucket.
   */
  region: string;
  /**
   * URL of a compatible server; Amazon's when it is left out.
   */
  endpoint?: string;
  /**
   * Beginning of all object names.
   */
  prefix?: string;
  /**
   * Secret with the access key id.
   */
  accessKey?: string;
  /**
   * Secret with the secret access key.
   */
  secretKey?: string;
  /**
   * How long a signed URL is valid.
   */
  signedUrls: string;
}
/**
 * The relay that the program sends mail through. Processes get it as SMTP_HOST, SMTP_PORT, SMTP_TLS, SMTP_USER, SMTP_FROM and the password as a file.
 */
export interface ResolvedMail {
  /**
   * Its IP address or DNS name.
   */
  host: string;
  /**
   * Its TCP port.
   */
  port: number;
  /**
   * starttls: encryption begins after the greeting. implicit: from the first byte. none: not at all.
   */
  tls: 'starttls' | 'implicit' | 'none';
  /**
   * User name.
   */
  user?: string;
  /**
   * Secret with the password.
   */
  password?: string;
  /**
   * Sender of the messages.
   */
  from: string;
}
/**
 * How the database is backed up, and how that is proven. pgBackRest takes full and incremental backups and archives the write-ahead log, so that any moment can be restored; pg_dump writes the database out as a whole.
 */
export interface ResolvedBackups {
  /**
   * pgbackrest is pgBackRest of the distribution, for the server of a host. pg_dump writes one database out as a whole, from a host's server or an external one: what was written since the last dump is lost with the server. none makes no backups.
   */
  engine: 'pgbackrest' | 'pg_dump' | 'none';
  /**
   * When a full backup is taken, in the host's time zone.
   */
  full: string;
  /**
   * When an incremental backup is taken; with pg_dump, one that is kept as long as the full one before it.
   */
  incremental: string;
  /**
   * How many full backups are kept, with all that depends on them or, with pg_dump, came after them.
   */
  keepFull: number;
  /**
   * After which time at most a piece of the write-ahead log is archived; what is younger can be lost with the host.
   */
  archiveTimeout: string;
  /**
   * Secret with the passphrase that backups are encrypted by; with pg_dump, the age identity (AGE-SECRET-KEY-1…, as age-keygen makes it) that they are encrypted to and decrypted with.
   */
  encryption?: string;
  /**
   * Role that pg_dump logs in to an external database as, which may read all of it; the program's when it is left out.
   */
  user?: string;
  /**
   * Secret with its password.
   */
  password?: string;
  repository: ResolvedBackupRepository;
  drill: ResolvedDrill;
}
/**
 * Where backups are kept.
 */
export interface ResolvedBackupRepository {
  /**
   * local: a folder of the database host. s3: a bucket. sftp: a folder of another host.
   */
  type: 'local' | 's3' | 'sftp';
  /**
   * Folder in the repository's file system or bucket. Each database host has a place of its own below it. /var/lib/pgbackrest, pgBackRest's own, or /var/backups/<name> with pg_dump when it is left out.
   */
  path?: string;
  /**
   * Name of the bucket, without dots, since pgBackRest refuses those (no certificate could stand for its host name).
   */
  bucket?: string;
  /**
   * Region of the bucket.
   */
  region?: string;
  /**
   * Host, with a port if need be, of a compatible server; Amazon's when it is left out.
   */
  endpoint?: string;
  /**
   * Secret with the CA certificate (PEM) that the server's is checked by; the certificates of the operating system when it is left out.
   */
  ca?: string;
  /**
   * Secret with the access key id.
   */
  accessKey?: string;
  /**
   * Secret with the secret access key.
   */
  secretKey?: string;
  /**
   * IP address or DNS name of the SFTP server.
   */
  host?: string;
  /**
   * User name on the SFTP server.
   */
  user?: string;
  /**
   * SHA-256 fingerprint of the SFTP server's host key, in hexadecimal.
   */
  hostKeySha256?: string;
  /**
   * Secret with the private key that logs in to the SFTP server.
   */
  key?: string;
}
/**
 * A restore into a scratch server, on a schedule, with checks of what came back.
 */
export interface ResolvedDrill {
  /**
   * Whether drills run.
   */
  enabled: boolean;
  /**
   * When a drill runs, in the host's time zone.
   */
  schedule: string;
  /**
   * How old the last good drill may become before that is an alarm.
   */
  maxAge: string;
  /**
   * Whether a release is refused while the last good drill is older than that.
   */
  blocksDeploys: boolean;
  /**
   * SQL queries on the restored database, each of which must return one row whose first column is true. They begin with SELECT, WITH, TABLE or VALUES.
   *
   * @maxItems 50
   */
  checks: Line[];
}
/**
 * Where each secret comes from, by its name. Values never stand in this file, in compiled files, plans or logs; on hosts they are files that only root reads, handed to processes as systemd credentials.
 */
export interface ResolvedSecrets {
  [k: string]: ResolvedSecret;
}
/**
 * The source of one secret.
 */
export interface ResolvedSecret {
  /**
   * env: an environment variable of the machine that applies. file: a file there that Git ignores. command: what a command prints there, such as a password manager's. generated: random, made on the host that needs it and never leaving it. age: the encrypted file that secretsFile names.
   */
  from: 'env' | 'file' | 'command' | 'generated' | 'age';
  /**
   * The environment variable, for env; the secret's own name when it is left out. A line break at its end is left out.
   */
  variable?: string;
  /**
   * The file, for file, relative to deploy.yaml. Git must ignore it, and only its owner may read it. A line break at its end is left out.
   */
  path?: string;
  /**
   * The command, for command, run without a shell in the folder of deploy.yaml; it may ask questions at the terminal, and has two minutes. A line break at its end is left out.
   */
  command?: string;
  /**
   * How many random bytes, for generated; they are written in hexadecimal.
   */
  bytes: number;
  /**
   * What it is for, for the people who have to renew it.
   */
  description?: string;
}
/**
 * The encrypted file (age-encryption.org/v1) that the secrets with "from age" lie in. It is committed; npm run secrets edits it.
 */
export interface ResolvedSecretsFile {
  /**
   * Where it lies, relative to deploy.yaml.
   */
  path: string;
  /**
   * Public keys of those who can read it; "npm run secrets -- keygen" makes one. After a change, run "npm run secrets -- rekey".
   *
   * @maxItems 100
   */
  recipients: string[];
  /**
   * File with the private key, on the machine that applies; "~/" is the home folder. The variable AGE_IDENTITY holds the key itself and goes first.
   */
  identityFile: string;
}
/**
 * What every host is, besides running the program.
 */
export interface ResolvedHostBaseline {
  /**
   * Whether this project sets up the host itself (Nginx's main file, firewall, SSH, updates, logs, kernel settings, the database server's settings). Of several projects on one host, one does.
   */
  manage: boolean;
  /**
   * Time zone of the host, which schedules follow.
   */
  timezone: string;
  /**
   * Further packages of the distribution.
   *
   * @maxItems 200
   */
  packages: string[];
  /**
   * Size of a swap file; none when it is left out.
   */
  swap?: string;
  /**
   * People who may log in and become root, by user name.
   */
  admins: {
    /**
     * Public SSH keys of one person.
     *
     * @minItems 1
     * @maxItems 20
     */
    [k: string]: string[];
  };
  ssh: ResolvedSshServer;
  firewall: ResolvedFirewall;
  updates: ResolvedUpdates;
  logs: ResolvedJournal;
  /**
   * Kernel settings beside those that Fairlead sets. One of the same name takes the place of Fairlead's.
   *
   * @maxItems 200
   */
  sysctl: ResolvedKernelSetting[];
}
/**
 * The SSH server.
 */
export interface ResolvedSshServer {
  /**
   * Whether logins are by key only, without forwarding of agents, displays and tunnels, and with limits for those who do not log in.
   */
  harden: boolean;
  /**
   * Whether root may log in: "key" by key only, "no" not at all.
   */
  rootLogin: 'key' | 'no';
  /**
   * Networks that may reach it; everybody when the list is empty.
   *
   * @maxItems 100
   */
  allow: Network[];
  /**
   * Whether TCP connections may be forwarded through the host.
   */
  forwarding: boolean;
}
/**
 * The packet filter (nftables). SSH and the ports of this file are open; everything else is closed.
 */
export interface ResolvedFirewall {
  /**
   * Whether there is one.
   */
  enabled: boolean;
  /**
   * Further ports.
   *
   * @maxItems 100
   */
  open: ResolvedOpenPort[];
  /**
   * New SSH connections that one address may open in a minute.
   */
  sshRate: number;
}
/**
 * One port.
 */
export interface ResolvedOpenPort {
  /**
   * Its number.
   */
  port: number;
  /**
   * Its protocol.
   */
  protocol: 'tcp' | 'udp';
  /**
   * Networks that may reach it; everybody when the list is empty.
   *
   * @maxItems 100
   */
  from: Network[];
}
/**
 * Updates that the host installs by itself.
 */
export interface ResolvedUpdates {
  /**
   * security: security updates. none: nothing.
   */
  automatic: 'security' | 'none';
  /**
   * Time of day for a reboot that an update needs; never when it is left out.
   */
  reboot?: string;
}
/**
 * The journal (systemd-journald).
 */
export interface ResolvedJournal {
  /**
   * Disk space that it may take.
   */
  maxSize: string;
  /**
   * Disk space that it leaves free.
   */
  keepFree: string;
  /**
   * How long entries are kept.
   */
  retention: string;
}
/**
 * One setting.
 */
export interface ResolvedKernelSetting {
  /**
   * Its name.
   */
  name: string;
  /**
   * Its value.
   */
  value: string;
}
/**
 * What the hosts tell about themselves.
 */
export interface ResolvedObservability {
  metrics: ResolvedMetrics;
  alerts: ResolvedAlerts;
}
/**
 * Metrics in Prometheus's text format.
 */
export interface ResolvedMetrics {
  /**
   * Whether the proxy serves them.
   */
  enabled: boolean;
  /**
   * Path of the program's own metrics, which the proxy serves to the networks in allow and hides from all others.
   */
  path: string;
  /**
   * Networks that may read them.
   *
   * @maxItems 100
   */
  allow: Network[];
}
/**
 * Messages to a webhook when something is wrong.
 */
export interface ResolvedAlerts {
  /**
   * Secret with the URL that messages are sent to, as JSON by POST. None are sent when it is left out.
   */
  webhook?: string;
  /**
   * Shape of the message. json: all fields. slack: a text, as Slack, Mattermost and Discord's /slack take it.
   */
  format: 'json' | 'slack';
  /**
   * A certificate that ends within so many days is an alarm.
   */
  certificateDays: number;
  /**
   * A last backup older than so many hours is an alarm.
   */
  backupHours: number;
  /**
   * A file system fuller than this is an alarm.
   */
  diskPercent: number;
  /**
   * How often all this is looked at.
   */
  every: string;
}
/**
 * Container files that are compiled into the project's folder containers/.
 */
export interface ResolvedContainers {
  /**
   * Whether a Dockerfile for the program is compiled. It is whenever app.runtime is compose or CI builds the image.
   */
  dockerfile: boolean;
  /**
   * Whether a Compose file for development is compiled, with the program under live reload, its database and its cache.
   */
  development: boolean;
  /**
   * Shell command that the program's container runs in development.
   */
  developmentCommand: string;
  /**
   * Memory ceiling of a web instance's container in production; app.memory when it is left out.
   */
  memory?: string;
}
/**
 * Which continuous-integration workflows are compiled. They call Fairlead by the npm scripts validate, compile, plan and apply of the repository.
 */
export interface ResolvedCi {
  /**
   * github compiles workflows into .github/workflows. none compiles nothing.
   */
  provider: 'none' | 'github';
  /**
   * The branch whose state is deployed.
   */
  branch: string;
  /**
   * The environment of this file that a merge deploys to. The GitHub environment of the same name holds FAIRLEAD_SSH_KEY, the secrets that come from the environment, and the approvals; limit it to the branch.
   */
  environment: string;
  /**
   * Shell command that lints, type-checks and tests the program, run in app.source; a database and a cache are there when this file has them.
   */
  check: string;
  /**
   * Whether a pull request gets the plan as a comment that updates itself. It uses the GitHub environment <environment>-plan, whose SSH key need only be able to read; pull requests from forks get none.
   */
  plan: boolean;
  /**
   * Whether a merge deploys.
   */
  deploy: boolean;
  /**
   * Whether a merge builds app.image, pushes it to GitHub's registry (ghcr.io), scans it, and attests its provenance and contents. When it is left out, it does whenever app.runtime is compose.
   */
  image?: boolean;
  /**
   * When the hosts are compared with the branch, in UTC; differences become one issue. It uses the GitHub environment <environment>-plan. "never" compares nothing.
   */
  drift: string;
  /**
   * Label of the runner image.
   */
  runner: 'ubuntu-22.04' | 'ubuntu-24.04' | 'ubuntu-24.04-arm';
  /**
   * Minutes that a job may take.
   */
  timeout: number;
}
/**
 * Lines of your own in compiled files, for what no key says. They are written as they are at the end of the named block, checked by the same programs as everything else, and shown in plans as foreign.
 */
export interface ResolvedPatches {
  nginx: ResolvedNginxPatches;
  systemd: ResolvedSystemdPatches;
  postgres: PatchLines7;
  redis: PatchLines8;
  sshd: PatchLines9;
  firewall: PatchLines10;
}
/**
 * Lines for Nginx (nginx.org/en/docs).
 */
export interface ResolvedNginxPatches {
  http: PatchLines;
  server: PatchLines1;
  location: PatchLines2;
  main: PatchLines3;
}
/**
 * Lines for units (systemd.exec(5), systemd.service(5)).
 */
export interface ResolvedSystemdPatches {
  web: PatchLines4;
  worker: PatchLines5;
  job: PatchLines6;
}

/**
 * How to reach one host and what it is: hosts/<environment>/<host>/host.yaml.
 */
export interface ResolvedHostFile {
  /**
   * Name of the host; the same as its folder's.
   */
  name: string;
  /**
   * IP address or DNS name that SSH connects to.
   */
  address: string;
  /**
   * TCP port of the SSH server.
   */
  port: number;
  /**
   * User to log in as: root, or one that may run sudo; sudo says whether with a password.
   */
  user: string;
  /**
   * How the user becomes root: by sudo that asks for nothing, or with a password. That is asked for once at the terminal, or taken from the variable FAIRLEAD_SUDO_PASSWORD; root needs none of it.
   */
  sudo: 'passwordless' | 'password';
  /**
   * Private key to log in with, relative to the project folder; no other is offered then. Without it the keys of the SSH agent are tried, then ~/.ssh/id_ed25519, ~/.ssh/id_ecdsa and ~/.ssh/id_rsa. A passphrase is asked for at the terminal, or taken from the variable FAIRLEAD_KEY_PASSPHRASE.
   */
  identityFile?: string;
  /**
   * Release of the operating system. Files are compiled for exactly this one, and a host that runs another is refused.
   */
  os: 'debian-12' | 'debian-13' | 'ubuntu-22.04' | 'ubuntu-24.04';
  /**
   * Seconds that the host waits for a new connection after a change to its SSH server, firewall, people or sudo rules. When none comes, everything that the apply changed is put back.
   */
  confirmWithin: number;
  /**
   * Processor architecture, in Debian's words.
   */
  architecture: 'amd64' | 'arm64';
  /**
   * Public host keys of the SSH server, as in /etc/ssh/ssh_host_ed25519_key.pub. A host that shows any other key is refused. A line that begins with @cert-authority names the key of an authority instead, whose host certificate for the address is as good.
   *
   * @minItems 1
   * @maxItems 50
   */
  hostKeys: string[];
  /**
   * Bastion: an SSH server that the host is reached through. Its user needs no rights but to log in and to forward TCP. Hosts that name the same bastion share one connection to it.
   */
  jump?: {
    /**
     * IP address or DNS name of the bastion. The host's own address is looked up by the bastion.
     */
    address: string;
    /**
     * TCP port of the bastion's SSH server.
     */
    port: number;
    /**
     * User to log in to the bastion as; any that may forward TCP connections.
     */
    user: string;
    /**
     * Private key to log in to the bastion with; as the host's identityFile.
     */
    identityFile?: string;
    /**
     * Public host keys of the bastion, as the host's hostKeys. They vouch for the bastion alone.
     *
     * @minItems 1
     * @maxItems 50
     */
    hostKeys: string[];
  };
  /**
   * What the host does for the project. proxy: Nginx. app: web processes. worker: background processes and jobs. database: the database server.
   *
   * @minItems 1
   * @maxItems 50
   */
  roles: ('proxy' | 'app' | 'worker' | 'database')[];
  /**
   * IP address that the project's other hosts reach it by, in a network that nobody else is in. Needed where the roles are on several hosts.
   */
  privateAddress?: string;
  /**
   * Processor cores, for settings that follow from them.
   */
  cpus: number;
  /**
   * Main memory, for settings that follow from it.
   */
  memory: string;
  /**
   * Folders that are file systems of their own, on disks of their own.
   *
   * @maxItems 50
   */
  mounts: string[];
}
