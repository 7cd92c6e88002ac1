import type { ResolvedHostFile } from '../spec/types.ts';

/** Releases of Debian and Ubuntu that files are compiled for. */
export type Release = ResolvedHostFile['os'];

/**
 * What the programs of one release can do, as far as compiled files depend on it. Versions are those of the release's own
 * packages with its security updates; each flag names the version that brought it.
 */
export interface Target {
  readonly release: Release;
  readonly family: 'debian' | 'ubuntu';
  /** Name of the suite in the archive. */
  readonly codename: string;
  readonly nginx: {
    readonly version: string;
    /** `http2 on;` (1.25.1); before it, `listen … http2`. */
    readonly http2Directive: boolean;
    /** `listen … quic` (1.25.0). */
    readonly http3: boolean;
    /** `ssl_reject_handshake` (1.19.4). */
    readonly rejectHandshake: boolean;
    /** `ssl_conf_command` (1.19.4). */
    readonly confCommand: boolean;
    /** `keepalive_time` in an upstream (1.19.10). */
    readonly keepaliveTime: boolean;
    /** X25519MLKEM768, which needs OpenSSL 3.5. */
    readonly postQuantum: boolean;
    /** Packages libnginx-mod-http-brotli-filter and -static. */
    readonly brotli: boolean;
  };
  readonly systemd: {
    readonly version: number;
    /** RestartSteps=, RestartMaxDelaySec=, RestartMode= (254). */
    readonly restartSteps: boolean;
    /** `systemd-analyze security --offline` and LoadCredentialEncrypted= (250). */
    readonly offlineSecurity: boolean;
    /** The specifier %d for the folder of a unit's credentials (250). */
    readonly credentialsSpecifier: boolean;
  };
  readonly certbot: { readonly version: string /** `--preferred-profile` (4.0). */; readonly profiles: boolean };
  readonly postgres: number;
  readonly pgbouncer: {
    readonly version: string /** `max_prepared_statements` (1.21). */;
    readonly preparedStatements: boolean;
  };
  readonly pgbackrest: {
    readonly version: string;
    /** SFTP repositories (2.46). */
    readonly sftp: boolean;
    /** Incremental backups by blocks (2.46). */
    readonly blockIncremental: boolean;
  };
  readonly redis: {
    readonly version: string /** `enable-protected-configs` and the like (7.0). */;
    readonly protectedCommands: boolean;
  };
  readonly openssh: string;
  /** Whether old names of time zones, such as Asia/Calcutta, are in a package of their own (tzdata 2024a). */
  readonly tzdataLegacy: boolean;
  /** Docker Compose: version 1.29 in Python, or the plugin. */
  readonly compose: {
    readonly version: string;
    readonly plugin: boolean;
    /** Docker and Compose. Debian 13 has the client in a package of its own, which docker.io only recommends. */
    readonly packages: readonly string[];
    /** `healthcheck.start_interval` (Compose 2.20.2 and Docker Engine 25). */
    readonly startInterval: boolean;
  };
}

const targets: Readonly<Record<Release, Target>> = {
  'debian-12': {
    release: 'debian-12',
    family: 'debian',
    codename: 'bookworm',
    nginx: {
      version: '1.22',
      http2Directive: false,
      http3: false,
      rejectHandshake: true,
      confCommand: true,
      keepaliveTime: true,
      postQuantum: false,
      brotli: true,
    },
    systemd: { version: 252, restartSteps: false, offlineSecurity: true, credentialsSpecifier: true },
    certbot: { version: '2.1', profiles: false },
    postgres: 15,
    pgbouncer: { version: '1.18', preparedStatements: false },
    pgbackrest: { version: '2.45', sftp: false, blockIncremental: false },
    redis: { version: '7.0', protectedCommands: true },
    openssh: '9.2',
    tzdataLegacy: false,
    compose: { version: '1.29', plugin: false, packages: ['docker.io', 'docker-compose'], startInterval: false },
  },
  'debian-13': {
    release: 'debian-13',
    family: 'debian',
    codename: 'trixie',
    nginx: {
      version: '1.26',
      http2Directive: true,
      http3: true,
      rejectHandshake: true,
      confCommand: true,
      keepaliveTime: true,
      postQuantum: true,
      brotli: true,
    },
    systemd: { version: 257, restartSteps: true, offlineSecurity: true, credentialsSpecifier: true },
    certbot: { version: '4.0', profiles: true },
    postgres: 17,
    pgbouncer: { version: '1.24', preparedStatements: true },
    pgbackrest: { version: '2.55', sftp: true, blockIncremental: true },
    redis: { version: '8.0', protectedCommands: true },
    openssh: '10.0',
    tzdataLegacy: true,
    compose: {
      version: '2.26',
      plugin: true,
      packages: ['docker.io', 'docker-cli', 'docker-compose'],
      startInterval: true,
    },
  },
  'ubuntu-22.04': {
    release: 'ubuntu-22.04',
    family: 'ubuntu',
    codename: 'jammy',
    nginx: {
      version: '1.18',
      http2Directive: false,
      http3: false,
      rejectHandshake: false,
      confCommand: false,
      keepaliveTime: false,
      postQuantum: false,
      brotli: false,
    },
    systemd: { version: 249, restartSteps: false, offlineSecurity: false, credentialsSpecifier: false },
    certbot: { version: '1.21', profiles: false },
    postgres: 14,
    pgbouncer: { version: '1.16', preparedStatements: false },
    pgbackrest: { version: '2.37', sftp: false, blockIncremental: false },
    redis: { version: '6.0', protectedCommands: false },
    openssh: '8.9',
    tzdataLegacy: false,
    compose: { version: '1.29', plugin: false, packages: ['docker.io', 'docker-compose'], startInterval: false },
  },
  'ubuntu-24.04': {
    release: 'ubuntu-24.04',
    family: 'ubuntu',
    codename: 'noble',
    nginx: {
      version: '1.24',
      http2Directive: false,
      http3: false,
      rejectHandshake: true,
      confCommand: true,
      keepaliveTime: true,
      postQuantum: false,
      brotli: true,
    },
    systemd: { version: 255, restartSteps: true, offlineSecurity: true, credentialsSpecifier: true },
    certbot: { version: '2.9', profiles: false },
    postgres: 16,
    pgbouncer: { version: '1.22', preparedStatements: true },
    pgbackrest: { version: '2.50', sftp: true, blockIncremental: true },
    redis: { version: '7.0', protectedCommands: true },
    openssh: '9.6',
    tzdataLegacy: true,
    compose: { version: '2.24', plugin: true, packages: ['docker.io', 'docker-compose-v2'], startInterval: false },
  },
};

/** All releases, oldest first within a family. */
export const releases = Object.keys(targets) as Release[];

/** What a release can do. @throws Error for a release that the matrix does not know: nothing is compiled for it. */
export function targetOf(release: Release): Target {
  const target = targets[release];
  if (!target) throw new Error(`there is no target ${release}`);
  return target;
}

/** The PostgreSQL major version on a release: the one that deploy.yaml asks for, else the distribution's. */
export const postgresVersion = (release: Release, asked: number | undefined): number =>
  asked ?? targetOf(release).postgres;
