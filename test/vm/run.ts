/**
 * `npm run test:vm -- [applies] [writes] --release debian-12`: cuts the power of a virtual machine in the middle of applies, and while its
 * database is written to, and sees what its disk has kept. Ends with 0 when nothing was lost and the control lost something. About half
 * an hour a release; docs/vm.md says what it shows.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asRelease, type Release, releases } from '../lab/releases.ts';
import { ensureImage, ensurePrograms, type Image } from './image.ts';
import { Story } from './story.ts';
import { databasePackages, Writes } from './writes.ts';

const { values, positionals } = parseArgs({
  options: { release: { type: 'string', multiple: true } },
  allowPositionals: true,
});
const stories = ['applies', 'writes'];
const unknown = positionals.find((one) => !stories.includes(one));
if (unknown !== undefined) throw new Error(`no story ${unknown}; there are ${stories.join(', ')}`);
const told = positionals.length > 0 ? positionals : stories;
const wanted = values.release?.map(asRelease) ?? releases;

// The machines and folders of this process end in its exit handlers.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

await ensurePrograms();
let faults = 0;
for (const release of wanted) {
  if (told.includes('applies')) faults += await tell(release, await ensureImage(release), Story);
  if (told.includes('writes')) faults += await tell(release, await ensureImage(release, databasePackages), Writes);
}
process.exit(faults > 0 ? 1 : 0);

/** The number of faults of a story on a release. */
async function tell(release: Release, image: Image, Told: typeof Story | typeof Writes): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-vm-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  console.log(`\n== ${release}`);
  const story = new Told(image, folder);
  await story.tell();
  const { faults } = story.tally;
  console.log(`${release}: ${faults.length === 0 ? 'nothing was lost' : `${faults.length} faults`}`);
  return faults.length;
}
