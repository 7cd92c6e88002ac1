/** Where the parts of a database server and its pooler lie on a Debian or Ubuntu host. */

/** Folder of the server's socket, and the port that names the socket in it. */
export const serverSocket = '/var/run/postgresql';
export const serverPort = 5432;

/** Folder of the pooler's socket, and its port. Only the program's own user may enter the folder. */
export const poolerSocket = (project: string): string => `/run/${project}-pgbouncer`;
export const poolerPort = 6432;

/** The cluster that the packages make, by its major version (pg_createcluster(1)). */
export const cluster = (version: number) => ({
  programs: `/usr/lib/postgresql/${version}/bin`,
  configuration: `/etc/postgresql/${version}/main`,
  settings: `/etc/postgresql/${version}/main/conf.d`,
  data: `/var/lib/postgresql/${version}/main`,
  unit: `postgresql@${version}-main.service`,
});

/**
 * The resource after which the program's database is complete (role, extensions, password) or, where it is somebody else's, known to be as
 * deploy.yaml says. Releases and poolers wait for it.
 */
export const databaseUnit = (project: string): string => `${project}-database.service`;

/** What an operating system trusts, where no certificate of an own authority is given. */
export const systemCertificates = '/etc/ssl/certs/ca-certificates.crt';
