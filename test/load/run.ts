/**
 * `npm run test:load`: releases come and go on a real host while clients read and write, and no request may fail. docs/benchmarks.md has the
 * method and the results.
 */
import { parseArgs } from 'node:util';
import { ensureDocker, stopDocker } from '../lab/prerequisites.ts';
import { asRelease, releases } from '../lab/releases.ts';
import { writeSection } from './document.ts';
import { diskOf, idleMemory, timeRollback } from './footprint.ts';
import { Ground } from './ground.ts';
import { combinationsOf, demandOf, nameOf } from './options.ts';
import { type Proof, prove } from './proof.ts';
import { type Footprint, footprintCriteria, footprintText, machineText, proofText } from './table.ts';

const help = `usage: npm run test:load [-- <option>…]

  --release <release>    ${releases.join(' or ')} (default: debian-13)
  --tls <choice>         on, off or both (default)
  --protocol <choice>    http1, http2 or both (default); HTTP/2 needs TLS
  --requests <n>         in all, shared by the combinations (default: 510000)
  --rate <n>             requests a second (default: 200)
  --clients <n>          each with one request at a time (default: 16)
  --deploys <n>          good releases in each combination (default: 20)
  --rollbacks <n>        in each combination (default: 5)
  --restarts <n>         of the service that is restarted for comparison (default: 5)
  --no-footprint         leaves out memory, disk and the time of a rollback
  --write                writes the results to docs/benchmarks.md
`;

const { values } = parseArgs({
  options: {
    release: { type: 'string', default: 'debian-13' },
    tls: { type: 'string', default: 'both' },
    protocol: { type: 'string', default: 'both' },
    requests: { type: 'string', default: '510000' },
    rate: { type: 'string', default: '200' },
    clients: { type: 'string', default: '16' },
    deploys: { type: 'string', default: '20' },
    rollbacks: { type: 'string', default: '5' },
    restarts: { type: 'string', default: '5' },
    'no-footprint': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(help);
  process.exit(0);
}
// The containers of this process end in its exit handlers.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

const release = asRelease(values.release);
const combinations = combinationsOf(values.tls, values.protocol);
const demand = demandOf(values, combinations.length);
const say = (text: string) => console.log(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}`);

/** How many releases the disk is measured with. */
const releasesOnDisk = 10;

async function footprintOf(ground: Ground, memory: readonly number[]): Promise<Footprint> {
  const disk = await diskOf(ground, releasesOnDisk, say);
  return { memory, disk, releases: releasesOnDisk, back: await timeRollback(ground, releasesOnDisk) };
}

const { startedHere } = await ensureDocker();
const proofs: Proof[] = [];
let footprint: Footprint | undefined;
try {
  for (const [index, combination] of combinations.entries()) {
    say(`${nameOf(combination)} on ${release}: ${demand.requests} requests`);
    const ground = await Ground.open(release, combination.tls);
    try {
      const wanted = index === 0 && !values['no-footprint'];
      const memory = wanted ? await idleMemory(ground) : [];
      proofs.push(await prove(ground, combination, demand, say));
      if (wanted) footprint = await footprintOf(ground, memory);
    } finally {
      await ground.close();
    }
  }
} finally {
  if (startedHere) await stopDocker();
}

const requests = proofs.flatMap(({ parts }) => parts).reduce((sum, { loaded }) => sum + loaded.counts.requests, 0);
const introduction = `${machineText()}. ${release}; ${requests.toLocaleString('en-US')} requests, ${demand.rate} a second by ${demand.clients} clients.`;
const texts = [introduction, ...proofs.map(proofText), ...(footprint ? [footprintText(footprint)] : [])];
console.log(`\n${texts.join('\n\n')}`);
if (values.write) console.log(`written: ${writeSection(texts.join('\n\n'))}`);
const criteria = [...proofs.flatMap((proof) => proof.criteria), ...(footprint ? footprintCriteria(footprint) : [])];
const unmet = criteria.filter(({ met }) => !met);
for (const { what, found, target } of unmet) console.error(`not met: ${what}: ${found} (target ${target})`);
process.exit(unmet.length > 0 ? 1 : 0);
