// Asks a service on this host, in turn over several ways, and prints how long each request took. Runs on the host itself with its
// Node.js; on standard input a JSON object: ways (name, port, tls, kept), path, host, rounds, requests in a round,
// clients. Prints a JSON object: by name, the milliseconds of each request, and the seconds in all.
const http = require('node:http');
const https = require('node:https');
const { performance } = require('node:perf_hooks');

const { ways, path, host, rounds, requests, clients } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));

function open({ tls, kept, ...place }) {
  const client = tls ? https : http;
  const agent = new client.Agent({ keepAlive: kept, maxSockets: clients });
  const common = { ...place, agent, path, headers: { host }, servername: host, rejectUnauthorized: false };
  return () =>
    new Promise((resolve, reject) => {
      const from = performance.now();
      const asked = client.get({ host: '127.0.0.1', ...common }, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode !== 200) reject(new Error(`answered with ${response.statusCode}`));
          else resolve(performance.now() - from);
        });
      });
      asked.once('error', reject);
    });
}

/** One round: so many requests by so many clients, each with one at a time. */
async function round(ask, told) {
  let left = requests;
  const began = performance.now();
  const client = async () => {
    while (left-- > 0) told.times.push(await ask());
  };
  await Promise.all(Array.from({ length: clients }, client));
  told.seconds += (performance.now() - began) / 1000;
}

(async () => {
  const told = Object.fromEntries(ways.map(({ name }) => [name, { times: [], seconds: 0 }]));
  const asks = ways.map(({ name, ...way }) => [told[name], open(way)]);
  for (const [, ask] of asks) await round(ask, { times: [], seconds: 0 });
  for (let number = 0; number < rounds; number++) for (const [one, ask] of asks) await round(ask, one);
  // A pipe takes it piece by piece; what is not through is lost with the process.
  process.stdout.write(JSON.stringify(told), () => process.exit(0));
})();
