/** The part of docs/benchmarks.md that `npm run test:load` writes; `npm run bench` writes what stands before it. */

const heading = '## Releases under load';

/** The section with the method and the results of a run. */
export const sectionOf = (results: string): string => `${heading}

Written by \`npm run test:load -- --write\`; \`npm run test:load\` prints the same without writing, and ends with 1 when a criterion is not met.
\`-- --help\` lists what can be chosen. \`npm test\` does a short version on both Debians (\`test/lab/load.test.ts\`).

${results.trim()}

### How it is done

- **The host** is a lab host: Debian with systemd, Nginx and PostgreSQL, in a container of this machine, so clients, Nginx, the program, the
  database and the command that deploys share its cores. The project is \`deploy.yaml\` of this repository with its service, two instances.
  TLS is \`tls.provider: files\` with a certificate of an authority of the test's own, which the clients check. Without TLS, Nginx speaks no HTTP/2.
- **The clients** run in a process of their own: so many, each with one request at a time on a connection that is kept (HTTP/1.1: one
  each; HTTP/2: four streams share one). It is a closed loop with a beat: each client asks at fixed times, and one whose request before is not answered
  yet asks right after it. Its time then counts from when it was due, so a stall counts for all requests that had to wait
  (no coordinated omission). The rate is far below what the machine can do, or the percentiles would tell of queues only.
- **Requests**: \`POST /api/notes\` with a title that no other request has (run, client, number), and \`GET\` of the note that the same client has
  just made, in turn. Failed is a request without 201 or 200, with another note than asked for, with a broken connection, or without an answer for 30 s.
  Nothing is repeated, but for HTTP/2 requests that Nginx says it has not touched (REFUSED_STREAM after GOAWAY, RFC 9113, section 8.7);
  how many these are is printed.
- **Writes**: at the end the titles in the database are held against those that were acknowledged: *duplicated* are there twice, *lost* were
  acknowledged and are not there, *unacknowledged* are there although their client never heard so.
- **Changes**: each deploy changes a variable of the program, so it makes a new release; a rollback goes to the release before. They are
  spread evenly over the load. \`app.health.steady\` is 5 s, its default.
- **Latency**: *during* are requests that were at work between the first new instance's start and the end of the last old one, as
  the events of the command tell (\`--json\`). *Before* are those at work while no command ran, without the first 5 s of the load and 0.5 s after each command.
- **Bad releases** are each tried under the same load: the request for readiness is answered with 404; the program throws at its
  start; it throws 3 s after it; a migration throws. Each must end with exit code 3, with the check that failed and the last lines of
  the log in its message, while the old release serves.
- **For comparison** the same program runs once on a TCP port of the same host, under an ordinary unit behind an ordinary site, and
  is restarted by \`systemctl restart\` under the same load. It ends as soon as its requests have ended.
- **Disk**: releases of ten different programs with the same dependencies, put aside under hard links before the host forgets the old
  ones, counted by du(1). The runtime lies elsewhere, once for all of them, and is not counted. **Memory** is VmRSS of instances
  that nobody has asked for 10 s. **Rollback** is timed from the start of its transaction on the host (as systemd's journal has it) to the first answer of
  the old version through Nginx, asked every 10 ms.
`;

const begin = (page: string): number => {
  const at = page.indexOf(`\n${heading}\n`);
  return at < 0 ? -1 : at + 1;
};

/** The section of a page, from its heading to the end of the page; empty when there is none. */
export function sectionIn(page: string): string {
  const at = begin(page);
  return at < 0 ? '' : page.slice(at);
}

/** The page with this section at its end, in place of the one that it has. */
export function withSection(page: string, section: string): string {
  const at = begin(page);
  const rest = (at < 0 ? page : page.slice(0, at)).trimEnd();
  return section === '' ? `${rest}\n` : `${rest}\n\n${section}`;
}
