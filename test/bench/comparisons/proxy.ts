import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../lab/host.ts';
import { bringUp, type Setting } from '../project.ts';
import type { Row } from '../rows.ts';
import { say } from '../say.ts';
import { median } from '../statistics.ts';

const name = 'notes.example.com';
const path = '/api/notes';
/** Notes that each answer lists. */
const listed = 50;
/** How much longer the median may take behind the proxy. */
const limit = 1.25;

/** Where the service listens when nothing is in front of it: on TCP, since no client of a site has a socket of its host. */
const alonePort = 3100;

/** A way to the service on its host. */
interface Way {
  readonly name: string;
  readonly port: number;
  readonly tls?: boolean;
  readonly kept: boolean;
}

interface Told {
  readonly times: readonly number[];
  readonly seconds: number;
}

const alone = (tls: boolean, kept: boolean): Way => ({
  name: `the service alone by ${tls ? 'HTTPS' : 'HTTP'}, ${kept ? 'connections kept' : 'a connection each'}`,
  port: alonePort,
  tls,
  kept,
});
const behind = (tls: boolean, kept: boolean): Way => ({
  name: `Nginx by ${tls ? 'HTTPS' : 'HTTP'}, ${kept ? 'connections kept' : 'a connection each'}`,
  port: tls ? 443 : 80,
  tls,
  kept,
});

/** What the proxy adds to a request, asked from the host itself, over HTTP and then over HTTPS. */
export async function behindProxy({ folder, host }: Setting): Promise<Row[]> {
  await host.sh(
    `for number in $(seq ${listed}); do curl -sf -o /dev/null --unix-socket /run/notes/live/1.sock -H 'Content-Type: application/json' -d "{\\"title\\":\\"Note $number\\",\\"body\\":\\"One of fifty.\\"}" http://x${path}; done`,
  );
  const deployFile = join(folder, 'deploy.yaml');
  const before = readFileSync(deployFile, 'utf8');
  // One instance on both ways: two that take turns behind the proxy would each be cold, and two at once would be faster than one.
  const single = before.replace('  instances: 2', '  instances: 1');
  try {
    writeFileSync(deployFile, single);
    await bringUp(folder);
    await startAlone(host, false);
    say('measuring the list of notes with and without Nginx, over HTTP');
    const plain = await compare(host, false);
    writeFileSync(deployFile, single.replace('  provider: none', '  provider: self-signed'));
    await bringUp(folder);
    await startAlone(host, true);
    say('the same over HTTPS');
    return [...plain, ...(await compare(host, true))];
  } finally {
    await host.sh("systemctl stop 'bench-alone-*.service' || true");
    writeFileSync(deployFile, before);
    await bringUp(folder);
  }
}

/** Has the service speak TLS itself, with a certificate of the kind that the site has. Its other server, which it warms up with, has no options. */
const byItself = `const { readFileSync } = require('node:fs');
const [http, https] = [require('node:http'), require('node:https')];
const plain = http.createServer;
const pair = { key: readFileSync('/srv/bench/alone.key'), cert: readFileSync('/srv/bench/alone.pem') };
http.createServer = (first, ...rest) =>
  typeof first === 'object' ? https.createServer({ ...first, ...pair }, ...rest) : plain(first, ...rest);
require('node:module').syncBuiltinESMExports();
`;

/** The same release once more, without a proxy: one instance on a TCP port, as the same user, with the same environment and database. */
async function startAlone(host: LabHost, tls: boolean): Promise<void> {
  await host.sh('mkdir -p /srv/bench');
  await host.exec(['tee', '/srv/bench/alone.cjs'], { input: byItself });
  const address = `${tls ? 'https' : 'http'}://127.0.0.1:${alonePort}/readyz`;
  await host.sh(`{ systemctl stop 'bench-alone-*.service' || true; } && live=$(readlink -f /run/notes/release) &&
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -keyout /srv/bench/alone.key -out /srv/bench/alone.pem 2>/dev/null &&
chown notes /srv/bench/alone.key &&
systemd-run --quiet --collect --unit=bench-alone-${tls ? 'https' : 'http'} --uid=notes --gid=notes --property=WorkingDirectory="$live/app" \\
  --property=EnvironmentFile="$live/environment" --setenv=PORT=${alonePort} "$live/node" --max-semi-space-size=1 ${tls ? '--require /srv/bench/alone.cjs' : ''} dist/server.js &&
for i in $(seq 100); do curl --silent --insecure --fail --output /dev/null ${address} && exit 0; sleep 0.1; done; exit 1`);
}

async function compare(host: LabHost, tls: boolean): Promise<Row[]> {
  const kept = [alone(tls, true), behind(tls, true)];
  const anew = [alone(tls, false), behind(tls, false)];
  return [
    ...rows(kept, await askKept(host, kept, 1), '1 client, '),
    ...rows(kept, await askKept(host, kept, 2), '2 clients, '),
    ...rows(anew, await askAnew(host, anew), '2 clients, '),
  ];
}

/** The first way is what the second is compared with. */
function rows(ways: readonly Way[], told: Record<string, Told>, clients: string): Row[] {
  const base = median(told[ways[0]!.name]!.times);
  return ways.map((way, index) => {
    const { times, seconds } = told[way.name]!;
    const ratio = median(times) / base;
    const judged = index > 0;
    return [
      `${clients}${way.name}`,
      `${median(times).toFixed(2)} ms`,
      `p99 ${p99(times).toFixed(2)} ms; ${(times.length / seconds).toFixed(0)} a second`,
      String(times.length),
      '',
      '',
      index === 0 ? '' : ratio.toFixed(2),
      judged ? `≤ ${limit}` : '',
      judged ? (ratio <= limit ? 'yes' : 'no') : '',
    ];
  });
}

function p99(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? Number.NaN;
}

/** How it is asked: the same number of requests in each round, and one way after the other within it. */
const load = { rounds: 15, requests: 400 } as const;

/**
 * Over connections that are kept, by h2load of nghttp2. A client in Node.js takes so long to decrypt an answer that it, and not the proxy,
 * would be measured.
 */
async function askKept(host: LabHost, ways: readonly Way[], clients: number): Promise<Record<string, Told>> {
  await host.sh('command -v h2load || apt-get install -qq --no-install-recommends nghttp2-client');
  const { rounds, requests } = load;
  const told = new Map(ways.map((way) => [way.name, { times: [] as number[], seconds: 0 }]));
  for (let round = -1; round < rounds; round++) {
    for (const { name: way, tls, port } of ways) {
      const place = `--connect-to=127.0.0.1:${port}`;
      const options = ['--h1', '-c', String(clients), '-n', String(requests), '--log-file=/root/h2load.log', place];
      const url = `${tls ? 'https' : 'http'}://${name}${path}`;
      const { stdout, exitCode } = await host.exec(['h2load', ...options, url]);
      if (exitCode !== 0) throw new Error(`h2load on ${host.name} ended with ${exitCode}: ${stdout}`);
      const lines = (await host.sh('cat /root/h2load.log; rm /root/h2load.log')).trim().split('\n');
      const rows = lines.map((line) => line.split('\t').map(Number) as [number, number, number]);
      if (rows.length !== requests || rows.some(([, status]) => status !== 200))
        throw new Error(`not every request over ${way} was answered with 200: ${stdout}`);
      // The first round only warms up.
      if (round < 0) continue;
      const one = told.get(way)!;
      one.times.push(...rows.map(([, , microseconds]) => microseconds / 1000));
      const ends = rows.map(([start, , microseconds]) => start + microseconds);
      one.seconds += (Math.max(...ends) - Math.min(...rows.map(([start]) => start))) / 1e6;
    }
  }
  return Object.fromEntries(told);
}

/** Over a connection for each request, with a program that runs on the host. */
async function askAnew(host: LabHost, ways: readonly Way[]): Promise<Record<string, Told>> {
  const program = readFileSync(new URL('../asker.cjs', import.meta.url), 'utf8');
  await host.exec(['tee', '/root/asker.cjs'], { input: program });
  const input = JSON.stringify({ ways, path, host: name, clients: 2, ...load });
  const { stdout, stderr, exitCode } = await host.exec(['/run/notes/release/node', '/root/asker.cjs'], { input });
  if (exitCode !== 0) throw new Error(`the requests on ${host.name} ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, Told>;
}
