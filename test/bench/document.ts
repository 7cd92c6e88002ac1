import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../src/project/assets.ts';
import { sectionIn, withSection } from '../load/section.ts';
import type { Row } from './rows.ts';
import { mergedRows, rowsIn, tableText } from './table.ts';

const comparisonNames = '`ssh`, `node`, `size`, `change`, `proxy`, `data`, `ansible`, `fleet`, `distance`';

const page = (table: string, machine: string) => `# Benchmarks

Written by \`npm run bench -- --write\`; \`npm run bench\` prints the same without writing. It needs what the lab tests need, takes
some minutes and never fails a test: numbers of a busy machine are no fault of the program. \`npm run bench -- ssh change\` takes
the named comparisons only: ${comparisonNames}.

${machine}. Both ends run on this machine: the host is a lab host (Debian 13 with systemd and OpenSSH) reached over loopback.

${table}

## What is measured

Whole processes, from outside: wall time from spawn to exit, CPU time (user and system) and peak memory as the kernel
counts them for the process and its children (GNU time), on this side of the connection alone. The programs of a
comparison run in turn (A B A B …), so that what else the machine does meets all of them alike; the first runs of each are
not counted. A time is the median of the counted runs, memory their maximum. *ratio* is that of the medians; *pairs*, the
median of the ratios of neighbouring runs. npm is not part of it: the command is \`node bin/fairlead.js\`, installed and bundled.
NODE_EXTRA_CA_CERTS is taken from the environment: Node would read that file of certificates at each start, which here takes 70 ms.

The project is \`deploy.yaml\` of this repository with its service, in a Git repository of its own, on one host, applied before. The firewall's
rules are left empty, because they limit how often one address may log in.
Each run must end with exit code 0, which for a plan means that there is nothing to do.

- **plan** against **OpenSSH**: \`ssh\` with a key, the pinned host keys checked, a fresh connection, running the very script and
  request that the plan sends (taken from the product by a connection that records). This is the least that reading the
  same facts over SSH can cost. The plan also reads and checks the project, compiles it, hashes the source, and compares.
- **plan** against **Ansible**: \`ansible-playbook --check --diff\` on a playbook made from the same manifest and the same
  compiled files: packages in one task, then a task for each group, user, directory, file, link and unit; the PostgreSQL role and
  database by \`psql\` in a command task, which costs less than the modules of community.postgresql; the release by its links, its
  stamps and its running instances. Pipelining is on, its connection is shared by all tasks and kept between runs,
  facts are not gathered. Nothing is asked of it that the plan does not look at. A run that reports a change does not count.
- **validate** and **compile** beside \`node -e 0\`, the least that a Node program takes on this machine; their target is a time.
- **compile** of 10, 50 and 200 hosts with 50 domains, each compiled before: it must grow with the number of hosts and no faster.
- **apply** of a change to one file in turn with **plan**, back and forth between two values: of a file that nothing has to take up at
  once (\`proxy.log.days\`, logrotate), and of one of Nginx (\`proxy.bodyLimit\`). An apply plans, sends, judges the future configuration,
  writes, records, and looks once more whether everything is as it should be. For Nginx it also reloads, waits until no old worker takes
  connections, and asks the site: 0.2 s here, half of which Nginx itself sleeps between starting new workers and ending old ones.
- **The list of 50 notes** through Nginx in turn with the service alone, both over TCP from the host itself; then the same over HTTPS
  (self-signed). Alone is the same release once more, listening on a port as it would without a proxy, and speaking TLS itself where Nginx does. One instance answers on either way: two
  behind the proxy would be faster at two requests at once and slower, being cold, at one. Over connections that are kept h2load (nghttp2) asks, since a client in Node.js would spend more on decrypting an answer than the proxy
  on all else; for a connection each, a client in Node.js, with two requests at once. Times are those of requests, not of processes; 6,000 of
  each kind, in rounds of 400; p99 and requests a second stand where the others have minimum and maximum. With one client the processors
  sleep between the four wake-ups that a hop more takes; a bare \`proxy_pass\` without log, limits and headers costs the same within the noise. Held against
  the service in plain text, the site over HTTPS takes 1.2 to 1.4 times as long with one client, whoever speaks TLS.
- **Backups, restores and drills** of a database of 10 MB, 100 MB and 1 GB (rows of 1 kB of text, of which half can be compressed), as the units of the
  host run them, in turn with pg_dump (custom format) and pg_restore of the same data on the same host. A restore is one beside; a drill is all of it: restore point,
  archive, restore, recovery, rows, indexes, pages. Three rounds, of 1 GB one. **Inserts** of a kilobyte by four clients (pgbench) with the log
  archived, in turn with an \`archive_command\` that does nothing.
- **plan of 10 hosts** beside the plan of one of them. The ten are containers made from a snapshot of the first host, each with its own
  systemd, disk, services, record and connection. They share the cores of this machine with the plan and with each other, which ten
  machines would not: near, ten hosts read their state on these cores at once. 100 ms away, the time of one plan is mostly that of
  the network, as it is with real hosts.
- **Round trips**: the same plan at 0, 100 and 200 ms, and how much longer it takes with each millisecond more. The distance is made
  by a proxy on this machine, since not every kernel has netem: a connection opens after one round trip, bytes arrive half of one
  later, and no more than the window of a TCP sender (ten segments at first, growing with each acknowledgement, RFC 6928 and RFC
  5681) is on its way. No bytes are lost, and bandwidth has no other limit. OpenSSH goes the same ways with the same
  request, and compresses it as the plan does.
- **More resources**: the project with jobs, workers, secrets, people and packages added to it until it has as many as the
  table says, each counted in the manifest and each applied before.

A plan asks the host once, whatever it has to know; Ansible asks for each task. So the second ratio grows with the resources.

## What is not measured

A real network, with loss and with limits of bandwidth; the first run, which installs and bundles; a first apply, whose time is that of
apt, the build and the services.
`;

/**
 * Writes docs/benchmarks.md, leaves in it what `npm run test:load` has written, and returns its path.
 *
 * @param all whether every comparison was made; the rows of others stay as they are.
 */
export function writeDocument(rows: readonly Row[], machine: string, all: boolean): string {
  const file = join(packageFolder, 'docs', 'benchmarks.md');
  const before = readFileSync(file, 'utf8');
  const [table = ''] = before.match(/^\| what .*\n(?:\|.*\n)+/m) ?? [];
  const merged = all ? rows : mergedRows(rowsIn(table.trimEnd()), rows);
  writeFileSync(file, withSection(page(tableText(merged), machine), sectionIn(before)));
  return file;
}
