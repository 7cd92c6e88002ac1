/** A pattern in what a failed step printed, what it mostly comes from, and what to do. */
type Cause = readonly [pattern: RegExp, text: (match: RegExpMatchArray) => string];

/**
 * From the particular to the general: the first that fits is told. The codes are those of PostgreSQL (manual, appendix A) and of
 * Node.js (errno).
 */
const causes: readonly Cause[] = [
  [
    /Cannot find (?:module|package) '(?:\/srv\/[^']*\/app\/|\/srv\/[^']*\/bundles\/[^']*\/)([^']+)'/,
    ([, file]) => `the build makes no ${file}; mend app.build, or the command that names the file`,
  ],
  [
    /Cannot find (?:module|package) '([^']+)'/,
    ([, name]) =>
      `${name} is not in the release; is it in devDependencies, which app.build takes out? Move it to dependencies`,
  ],
  [/The configuration is not usable/, () => 'the program refuses its environment, for the reasons above; mend app.env'],
  [
    /heap out of memory|oom-kill|OOM killer|code=killed, status=9\/KILL/,
    () => 'it needs more memory than it may have; raise app.memory (or app.heap)',
  ],
  [
    /the database does not answer: .*(certificate verify failed|self-signed certificate|server certificate for)/,
    () =>
      "the certificate of the database is not one that its clients trust under that name; database.external.ca names the provider's authority (of a host of yours: database.tls.ca), database.external.host the name that stands in it",
  ],
  [
    /password authentication failed|28P01/,
    () => 'the database does not know that password; is it the secret that database.password names?',
  ],
  [
    /Peer authentication failed|no pg_hba\.conf entry|28000/,
    () => 'the database does not let that user in; is app.env without PG* variables of its own?',
  ],
  [
    /canceling statement due to lock timeout|55P03/,
    () => 'another session holds a lock for long; look at pg_stat_activity, and apply again when it is over',
  ],
  [
    /permission denied for (\w+ \S+)|must be owner of|42501/,
    () =>
      'the role of the program works on rows alone: changes of the schema belong into app.migrations, or write database.privileges: owner',
  ],
  [
    /unsupported startup parameter: (\S+)/,
    ([, name]) =>
      `PgBouncer takes no ${name} from a client; leave it out where the program connects, or write database.pooler.enabled: false`,
  ],
  [
    /(?:relation|column) "([^"]+)"[^\n]* does not exist|42P01|42703/,
    ([, name]) =>
      `the database lacks ${name ?? 'a table or column'}; does a migration make it, and does app.migrations run it?`,
  ],
  [
    /(?:relation|column) "([^"]+)"[^\n]* already exists|42P07|42701/,
    ([, name]) =>
      `${name ?? 'what it makes'} is there already; did this migration fail half-way before? It has to be safe to run twice, or to run in one transaction`,
  ],
  [
    /ECONNREFUSED|\.s\.PGSQL|SequelizeConnection(?:Refused)?Error|the database system is starting up/,
    () => 'the database does not answer; on the host: systemctl status postgresql',
  ],
  [/EADDRINUSE/, () => 'its address is taken; on the host: ss -lntp'],
  [/ENOSPC|No space left on device/, () => 'the disk is full; on the host: df -h'],
  [
    /EROFS|EACCES|Read-only file system/,
    () => 'it wants to read or write where it may not; where it may write, its unit says (ReadWritePaths=)',
  ],
  [
    /: (\/\S*) was answered with 404/,
    ([, path]) => `the program has no ${path}; app.health.ready names the path that tells whether it is ready`,
  ],
  [
    /: (\/\S*) was answered with 5\d\d/,
    ([, path]) => `the program says itself that it is not ready; its ${path} knows why, often the database`,
  ],
  [
    /: \/\S* was not answered/,
    () =>
      'it does not listen where PORT says, a path; a program that can listen on a number only says app.listen: port',
  ],
];

/**
 * What a failed step most likely failed from, and what to do about it.
 *
 * @param lines what it printed.
 * @returns one sentence, or undefined where nothing is known.
 */
export function likelyCause(lines: readonly string[]): string | undefined {
  const text = lines.join('\n');
  for (const [pattern, tell] of causes) {
    const match = text.match(pattern);
    if (match) return tell(match);
  }
  return undefined;
}
