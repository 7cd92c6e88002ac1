/** Which program judges which compiled file. A path that nothing here knows is a failure: no file goes unjudged. */

/** A judge of a host (`judge_<name>` in judge.sh), or one that looks at the text here (`texts.ts`). */
export interface Judge {
  readonly name: string;
  readonly where: 'host' | 'here';
  /** What is judged in place of the file: programs that read all their files at once are run once for a host. */
  readonly subject?: string;
  /** Whether the verdict follows from the text alone, so that a text which was judged once need not be judged again. */
  readonly byTextAlone?: boolean;
}

const onHost = (name: string): Judge => ({ name, where: 'host' });
const asWhole = (name: string, subject: string): Judge => ({ name, where: 'host', subject });
const byText = (name: string): Judge => ({ name, where: 'host', byTextAlone: true });
const here = (name: string): Judge => ({ name, where: 'here' });

const units = asWhole('units', '/etc/systemd/system');

/** Judges by path, the project's name written as NAME and any other as `*`. The first that fits holds; all its judges are asked. */
const byPath: readonly (readonly [pattern: string, ...judges: Judge[]])[] = [
  ['/etc/nginx/*', asWhole('nginx', '/etc/nginx')],
  ['/etc/fairlead/NAME/pages/*.html', here('page')],
  ['/etc/fairlead/NAME/htpasswd', here('htpasswd')],
  ['/etc/logrotate.d/*', byText('logrotate')],
  ['/etc/systemd/system/NAME-blue@.service', units, asWhole('exposure', '/etc/systemd/system')],
  ['/etc/systemd/system/*', units],
  ['/etc/systemd/journald.conf.d/*', byText('journal')],
  ['/etc/tmpfiles.d/*', onHost('tmpfiles')],
  ['/etc/fairlead/NAME/*.env', onHost('environment')],
  ['/etc/fairlead/NAME/pgpass', here('pgpass')],
  ['/etc/fairlead/NAME/pgpass-migrations', here('pgpass')],
  ['/etc/fairlead/NAME/pgpass-backup', here('pgpass')],
  ['/etc/fairlead/NAME/certbot.ini', byText('certbot')],
  ['/etc/letsencrypt/renewal-hooks/*', byText('shell')],
  ['/usr/local/lib/fairlead/*', byText('shell')],
  ['/etc/fairlead/NAME/database.sql', onHost('sql')],
  ['/etc/fairlead/NAME/drill-checks.sql', here('lines')],
  ['/etc/fairlead/NAME/extensions.sql', onHost('sql')],
  ['containers/extensions.sql', here('lines')],
  ['/etc/fairlead/NAME/pgbackrest.conf', onHost('pgbackrest')],
  ['/etc/fairlead/NAME/pgbouncer.ini', onHost('pgbouncer')],
  ['/etc/fairlead/NAME/redis.conf', onHost('redis')],
  ['/etc/fairlead/NAME/containers/redis.conf', onHost('redis')],
  ['/etc/fairlead/NAME/compose.yaml', onHost('compose'), here('compose')],
  ['/etc/postgresql-common/createcluster.d/*', onHost('cluster')],
  ['/etc/postgresql/*-hba.conf', onHost('hba')],
  ['/etc/postgresql/*-ident.conf', onHost('ident')],
  ['/etc/postgresql/*.conf', onHost('postgres')],
  ['/etc/apt/apt.conf.d/*', asWhole('apt', '/etc/apt')],
  ['/etc/apt/sources.list.d/*', asWhole('sources', '/etc/apt')],
  ['/etc/fairlead/admins.list', here('words')],
  ['/etc/fairlead/firewall.nft', byText('firewall')],
  ['/etc/ssh/authorized_keys.d/*', byText('keys')],
  ['/etc/ssh/sshd_config.d/*', asWhole('sshd', '/etc/ssh')],
  ['/etc/sudoers.d/*', byText('sudoers')],
  ['/etc/sysctl.d/*', byText('sysctl')],
  ['cloud-init.yaml', byText('cloudinit')],
  ['.github/workflows/*.yml', here('workflow')],
  ['containers/Dockerfile', here('dockerfile')],
  ['containers/Dockerfile.dockerignore', here('lines')],
  ['containers/compose.*.yaml', here('compose')],
];

const expressions = new Map<string, RegExp>();

function fits(pattern: string, path: string, project: string): boolean {
  const key = `${project}\0${pattern}`;
  const known = expressions.get(key);
  if (known) return known.test(path);
  const source = pattern.replaceAll(/[.]/g, '\\.').replaceAll('*', '.+').replace('NAME', project);
  const expression = new RegExp(`^${source}$`);
  expressions.set(key, expression);
  return expression.test(path);
}

/** The judges of a compiled file; none when nothing here knows the path. */
export function judgesOf(path: string, project: string): readonly Judge[] {
  const [, ...judges] = byPath.find(([pattern]) => fits(pattern, path, project)) ?? [''];
  return judges;
}

/** The names of all judges, for the test that each has a control. */
export const judgeNames = (): string[] => [
  ...new Set(byPath.flatMap(([, ...judges]) => judges.map(({ name }) => name))),
];
