// Generated from schema/*.schema.json by `npm run generate`: change those.

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
  backups: ResolvedBackups;
  ci: ResolvedCi;
}
/**
 * The program: where its source is, how it is built, and how it runs.
 */
export interface ResolvedApp {
  /**
   * Folder with the source, relative to deploy.yaml. Files that Git ignores are left out.
   */
  source: string;
  /**
   * Shell command that builds the program. It runs on the machine that applies, in a clean copy of the source; everything that is in the copy afterwards is shipped.
   */
  build?: string;
  /**
   * Command that starts one instance, run in the shipped folder without a shell. It begins with node, which stands for the runtime that app.node names. The instance must listen on the unix socket whose path is in PORT.
   */
  start: string;
  /**
   * Major version of Node.js that is carried to the host. The host's own version, if any, is never used.
   */
  node: 22 | 24;
  /**
   * How many processes share the load on each host.
   */
  instances: number;
  /**
   * Memory ceiling of one instance, for systemd's MemoryMax. The heap of Node.js gets three quarters of it.
   */
  memory: string;
  /**
   * Whether the program may use the network. Without it only unix sockets work: the proxy and the database of the same host are reached over those.
   */
  network: boolean;
  health: ResolvedHealth;
  /**
   * How long an instance may take to finish its requests after SIGTERM before it is killed.
   */
  drain: string;
  /**
   * Environment variables of the program. They are part of the release, so a rollback restores them. Not for secrets: they stand in the compiled tree.
   */
  env: {
    [k: string]: string | number | boolean;
  };
  /**
   * Command that brings the database to what the release needs. It runs once per release, as the program's user and in its folder, before the release goes live; if it fails the old release stays. It begins with node, like app.start.
   */
  migrations?: string;
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
   * How long the instances of a release may take to get ready before it is given up.
   */
  timeout: string;
}
/**
 * The Nginx site in front of the program. Without this section there is none.
 */
export interface ResolvedProxy {
  /**
   * Names that the site answers to.
   *
   * @minItems 1
   * @maxItems 100
   */
  domains: [string, ...string[]];
  /**
   * TCP port that the site listens on.
   */
  port: number;
  /**
   * Largest request body; a larger one is answered with 413.
   */
  bodyLimit: string;
  timeouts: ResolvedProxyTimeouts;
  /**
   * Whether text responses are compressed.
   */
  gzip: boolean;
}
/**
 * How long the proxy waits for an instance.
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
}
/**
 * How connections from outside are encrypted.
 */
export interface ResolvedTls {
  /**
   * Who issues the certificates. This version serves plain HTTP only.
   */
  provider: 'none';
}
/**
 * The database of the program. Without this section it has none.
 */
export interface ResolvedDatabase {
  /**
   * postgres: the distribution's PostgreSQL on the same host, reached over its unix socket by peer authentication, so there is no password.
   */
  engine: 'postgres';
  /**
   * Name of the database; the project's name when it is left out.
   */
  name?: string;
}
/**
 * How the database is backed up.
 */
export interface ResolvedBackups {
  /**
   * This version makes no backups: arrange them on the host.
   */
  engine: 'none';
}
/**
 * Which continuous-integration workflows are compiled.
 */
export interface ResolvedCi {
  /**
   * This version compiles no workflows.
   */
  provider: 'none';
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
   * User to log in as: root, or one that may run sudo without a password.
   */
  user: string;
  /**
   * Private key to log in with, relative to the project folder. Without it the SSH agent is asked, then ~/.ssh/id_ed25519, ~/.ssh/id_ecdsa and ~/.ssh/id_rsa are tried.
   */
  identityFile?: string;
  /**
   * Release of the operating system. Files are compiled for exactly this one, and a host that runs another is refused.
   */
  os: 'debian-12' | 'debian-13';
  /**
   * Processor architecture, in Debian's words.
   */
  architecture: 'amd64' | 'arm64';
  /**
   * Public host keys of the SSH server, as in /etc/ssh/ssh_host_ed25519_key.pub. A host that shows any other key is refused.
   *
   * @minItems 1
   */
  hostKeys: [string, ...string[]];
  /**
   * What the host does for the project.
   *
   * @minItems 1
   */
  roles: ['proxy' | 'app' | 'database', ...('proxy' | 'app' | 'database')[]];
}
