/**
 * `npm run test:vm -- --release debian-12`: cuts the power of a virtual machine in the middle of applies, and sees what its disk has
 * kept. Ends with 0 when nothing was lost and the control lost something. About half an hour a release; docs/vm.md says what it shows.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asRelease, type Release, releases } from '../lab/releases.ts';
import { ensureImage, ensurePrograms } from './image.ts';
import { Story } from './story.ts';

const { values } = parseArgs({ options: { release: { type: 'string', multiple: true } } });
const wanted = values.release?.map(asRelease) ?? releases;

// The machines and folders of this process end in its exit handlers.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

await ensurePrograms();
let faults = 0;
for (const release of wanted) faults += await tell(release);
process.exit(faults > 0 ? 1 : 0);

/** The number of faults on a release. */
async function tell(release: Release): Promise<number> {
  const image = await ensureImage(release);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-vm-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  console.log(`\n== ${release}`);
  const story = new Story(image, folder);
  await story.tell();
  const { faults } = story.tally;
  console.log(`${release}: ${faults.length === 0 ? 'nothing was lost' : `${faults.length} faults`}`);
  return faults.length;
}
