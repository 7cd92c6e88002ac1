import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { cluster } from '../../src/compile/database/places.ts';
import { targetOf } from '../../src/compile/targets.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import type { FileResource } from '../../src/resources/resource.ts';
import { ensureImage as ensureContainerImage } from '../lab/images.ts';
import type { Image } from './image.ts';
import { Machine } from './machine.ts';
import type { Tally } from './story.ts';

/** Packages of the image, beside those of every machine. */
export const databasePackages = ['postgresql'];

const writers = 3;
const cuts = 20;
const controlCuts = 5;

/** Seconds of writes between two looks at the disk. */
const between = 4;

/** A disk as a power cut would have left it, and the rows of which the server had said by then that they are there. */
interface Cut {
  readonly disk: string;
  readonly acknowledged: readonly string[];
}

/**
 * Power cuts of a machine whose database is written to: what the server has acknowledged is on the disk, each time. It has the settings that are
 * compiled for a project, and a disk that gets nothing unless somebody asks for it.
 */
export class Writes {
  readonly tally: Tally = { lines: [], faults: [] };
  private readonly machine: Machine;
  private readonly version: number;
  private next = 0;

  constructor(
    private readonly image: Image,
    private readonly folder: string,
  ) {
    this.machine = new Machine(image, folder, join(folder, 'disk.raw'));
    this.version = targetOf(image.release).postgres;
  }

  async tell(): Promise<void> {
    await execa('cp', ['--sparse=always', this.image.disk, this.machine.disk]);
    this.note(`first boot in ${(await this.machine.boot()).toFixed(0)} s`);
    await this.furnish();
    const lost = await this.round(cuts);
    if (lost > 0) this.fault(`${lost} acknowledged rows were lost`);
    await this.comesBack();
    await this.sql('ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf(); CHECKPOINT;');
    const missed = await this.round(controlCuts);
    this.note(`the control, a server that does not wait for its disk: ${missed} rows lost`);
    if (missed === 0) this.fault('the control lost nothing, so the test would not notice a loss');
    await this.machine.kill();
  }

  private note(text: string): void {
    console.log(`  ${text}`);
    this.tally.lines.push(text);
  }

  private fault(text: string): void {
    console.log(`  FAULT ${text}`);
    this.tally.faults.push(text);
  }

  /** The server as a project would have it. */
  private async furnish(): Promise<void> {
    const { settings, unit } = cluster(this.version);
    for (const { path, content } of await compiledFiles(this.image)) {
      const parent = path.replace(/\/[^/]*$/, '');
      await this.machine.sh(`mkdir -p ${parent}\ncat >${path} <<'CONTENT'\n${content}\nCONTENT\n`);
    }
    await this.machine.sh(
      `chown -R postgres: ${settings}/.. && systemctl daemon-reload && systemctl enable --quiet ${unit} && systemctl restart ${unit}`,
    );
    await this.sql('CREATE TABLE written (key text PRIMARY KEY, text text); CHECKPOINT;');
  }

  private sql = (text: string) =>
    this.machine.sh(`cd / && runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'\n${text}\nSQL`);

  /** Rows that were acknowledged and that a power cut would have taken, over a number of looks at the disk under writes. */
  private async round(looks: number): Promise<number> {
    const acknowledged: string[] = [];
    const clients = Array.from({ length: writers }, () => this.writer((key) => acknowledged.push(key)));
    const found: Cut[] = [];
    for (let look = 0; look < looks; look++) {
      await sleep(between * 1000);
      const heard = [...acknowledged];
      const disk = join(this.folder, `cut-${this.next++}.raw`);
      await this.machine.copyDisk(disk);
      found.push({ disk, acknowledged: heard });
    }
    for (const end of clients) await end();
    let lost = 0;
    for (const cut of found) lost += await this.lostIn(cut);
    this.note(`${acknowledged.length} rows acknowledged, ${looks} power cuts, ${lost} rows lost`);
    if (acknowledged.length < looks * 5) this.fault('there were too few writes to say anything');
    return lost;
  }

  /** A client that writes one row after the other. @returns what ends it. */
  private writer(hear: (key: string) => void): () => Promise<void> {
    const name = this.next++;
    const child = spawn(
      'ssh',
      [...this.machine.login(), 'cd / && runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1'],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let number = 0;
    const write = () => {
      if (child.stdin.writable)
        child.stdin.write(`INSERT INTO written VALUES ('${name}-${number++}', repeat('x', 300)) RETURNING key;\n`);
    };
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (key) => {
      hear(key);
      write();
    });
    write();
    return () => {
      child.stdin.end();
      return ended;
    };
  }

  /** Lets a server of the same version recover from what lies on a disk, and counts what is missing. A server that does not start has lost all. */
  private async lostIn({ disk, acknowledged }: Cut): Promise<number> {
    const data = `${disk}.data`;
    mkdirSync(data);
    try {
      const { exitCode = -1 } = await execa('e2fsck', ['-y', '-E', 'journal_only', disk], { reject: false });
      if (exitCode > 1) throw new Error(`e2fsck ended with ${exitCode}`);
      await execa('debugfs', ['-f', '-', disk], { input: `rdump ${cluster(this.version).data} ${data}` });
      const keys = await this.recovered(data);
      return acknowledged.filter((key) => !keys.has(key)).length;
    } finally {
      rmSync(data, { recursive: true, force: true });
      rmSync(disk);
    }
  }

  private async recovered(data: string): Promise<ReadonlySet<string>> {
    const image = await ensureContainerImage(this.image.release, 'warm');
    const { programs } = cluster(this.version);
    const script = `
chown -R postgres: /data && chmod 700 /data/main && rm -f /data/main/postmaster.pid
printf "listen_addresses = ''\\nunix_socket_directories = '/tmp'\\nhba_file = '/tmp/hba'\\nident_file = '/tmp/ident'\\narchive_mode = off\\n" >/tmp/conf
echo 'local all all peer' >/tmp/hba && : >/tmp/ident && chmod 644 /tmp/conf /tmp/hba /tmp/ident
cd / && runuser -u postgres -- ${programs}/pg_ctl -D /data/main -w -t 120 -s -l /tmp/log -o '-c config_file=/tmp/conf' start || { tail -n 5 /tmp/log >&2; exit 9; }
runuser -u postgres -- psql -XAtq -h /tmp -d postgres -c 'SELECT key FROM written'`;
    const run = ['run', '--rm', '--volume', `${data}:/data`, image, 'sh', '-c', script];
    const { exitCode, stdout, stderr } = await execa('docker', run, { reject: false, maxBuffer: 1e9 });
    if (exitCode === 9) this.note(`the server did not recover: ${stderr.trim().split('\n').at(-1)}`);
    else if (exitCode !== 0) throw new Error(`the disk could not be read:\n${stderr}`);
    return new Set(stdout.split('\n'));
  }

  /** The machine itself: killed under writes, it boots, and its server is back with all it had acknowledged. */
  private async comesBack(): Promise<void> {
    const acknowledged: string[] = [];
    const clients = Array.from({ length: writers }, () => this.writer((key) => acknowledged.push(key)));
    // Emulated, a login alone can take longer than that.
    for (let tries = 0; acknowledged.length < 50 && tries < 120; tries++) await sleep(1000);
    const heard = [...acknowledged];
    await this.machine.kill();
    for (const end of clients) await end();
    this.note(`killed under writes, booted in ${(await this.machine.boot()).toFixed(0)} s`);
    const kept = new Set((await this.sql('SELECT key FROM written')).split('\n'));
    const lost = heard.filter((key) => !kept.has(key)).length;
    this.note(`${heard.length} rows acknowledged since, ${lost} lost`);
    if (lost > 0 || heard.length < 50)
      this.fault(`${lost} of ${heard.length} rows were lost when the machine was killed`);
  }
}

/** The files of the server, as they are compiled for the repository's own project. */
async function compiledFiles({ release, hostKeys }: Image): Promise<FileResource[]> {
  const assets = await loadAssets();
  const deploy = { path: 'deploy.yaml', text: readFileSync(new URL('../../deploy.yaml', import.meta.url), 'utf8') };
  const keys = hostKeys.map((key) => `  - ${key}\n`).join('');
  const text = `name: web-1\naddress: 127.0.0.1\nos: ${release}\nmemory: 1536M\nhostKeys:\n${keys}`;
  const file = { path: 'hosts/production/web-1/host.yaml', text };
  const sources = { deploy, hosts: [{ environment: 'production', folder: 'web-1', file }] };
  const { spec } = specOf({ folder: '/nowhere', sources }, 'production', assets);
  const { configuration, unit } = cluster(targetOf(release).postgres);
  return manifestOf(spec, spec.hosts[0]!, assets).resources.filter(
    (one): one is FileResource =>
      one.kind === 'file' && [configuration, `/etc/systemd/system/${unit}.d`].some((path) => one.path.startsWith(path)),
  );
}
