import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';

/** What lies on a disk below the folders that an apply writes in. */
export interface DiskState {
  /** By absolute path: `file <sha256>` or `link <target>`. Folders are not listed. */
  readonly entries: ReadonlyMap<string, string>;
  /** Text of the files of transactions and of the record, by absolute path. */
  readonly texts: ReadonlyMap<string, string>;
}

const folders = ['/etc', '/srv', '/opt/fairlead', '/usr/local', '/usr/sbin', '/var/lib/fairlead'];
const kept = /^\/var\/lib\/fairlead\/[^/]+\/(record\.jsonl|transactions\/[^/]+\/(journal|steps|undo\/\d+\/path))$/;

/**
 * Reads a disk image (ext4) without booting it. The file system's own journal is replayed first, as the kernel does when it mounts the
 * disk after a power cut (e2fsck(8), journal_only); then files are taken out by debugfs(8).
 *
 * @param image changed by the replay.
 * @throws when e2fsck finds no file system that it can replay.
 */
export async function readDisk(image: string): Promise<DiskState> {
  // Exit status 1 says that something was put right.
  const { exitCode = -1, all } = await execa('e2fsck', ['-y', '-E', 'journal_only', image], {
    all: true,
    reject: false,
  });
  if (exitCode > 1) throw new Error(`e2fsck ended with ${exitCode}:\n${all}`);
  const out = mkdtempSync(join(tmpdir(), 'fairlead-disk-'));
  try {
    for (const folder of folders) mkdirSync(dirname(dumpOf(out, folder)), { recursive: true });
    const input = folders.map((folder) => `rdump ${folder} ${dirname(dumpOf(out, folder))}`).join('\n');
    await execa('debugfs', ['-f', '-', image], { input });
    return stateOf(out);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** debugfs keeps the last name of a folder; those of the same name are kept apart. */
const dumpOf = (out: string, folder: string) => join(out, folder.replaceAll('/', '-'), basename(folder));

function stateOf(out: string): DiskState {
  const entries = new Map<string, string>();
  const texts = new Map<string, string>();
  for (const folder of folders) {
    const dumped = dumpOf(out, folder);
    for (const [path, entry] of entriesBelow(dumped)) {
      const original = folder + path.slice(dumped.length);
      entries.set(original, entry);
      if (kept.test(original)) texts.set(original, readFileSync(path, 'utf8'));
    }
  }
  return { entries, texts };
}

function* entriesBelow(folder: string): Generator<[string, string]> {
  for (const entry of listed(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* entriesBelow(path);
    else if (entry.isSymbolicLink()) yield [path, `link ${readlinkSync(path)}`];
    else if (entry.isFile()) yield [path, `file ${createHash('sha256').update(readFileSync(path)).digest('hex')}`];
  }
}

function listed(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
