/** The executor on folders of its own below a temporary one, so that its steps run without a host. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { hostScript } from '../../src/project/assets.ts';

/** Where the executor works on a host; each is moved below the temporary folder. */
const places = ['/var/lib/fairlead', '/srv/', '/run/', '/etc/tmpfiles.d', '/etc/systemd/system'];

export class ExecutorGround {
  readonly root = mkdtempSync(join(tmpdir(), 'fairlead-executor-'));
  private transactions = 0;

  at(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** A program that comes before the real one. */
  program(name: string, body: string): void {
    mkdirSync(this.at('bin'), { recursive: true });
    writeFileSync(this.at('bin', name), `#!/bin/sh\n${body}\n`);
    chmodSync(this.at('bin', name), 0o755);
  }

  /** Makes everything as on a host without releases. */
  clear(): void {
    for (const place of ['var/lib/fairlead', 'srv', 'run', 'etc'])
      rmSync(this.at(place), { recursive: true, force: true });
    rmSync(this.at('calls'), { force: true });
    const releases = ['srv/notes/slots', 'srv/notes/releases', 'srv/notes/bundles'];
    const configuration = ['etc/tmpfiles.d', 'etc/systemd/system/multi-user.target.wants'];
    for (const folder of [...releases, ...configuration, 'run/notes']) mkdirSync(this.at(folder), { recursive: true });
  }

  /**
   * Carries out steps, a line each without its number, and returns the log of the transaction and the calls of systemctl so far.
   *
   * @param uploads contents by name.
   */
  run(
    steps: readonly string[],
    uploads: Readonly<Record<string, Uint8Array>> = {},
  ): { log: string; calls: readonly string[] } {
    const folder = this.at('var/lib/fairlead/notes/transactions', String(++this.transactions));
    for (const one of ['record', 'uploads']) mkdirSync(join(folder, one), { recursive: true });
    const serial = this.at('var/lib/fairlead/notes/serial');
    const files = {
      project: 'notes\n',
      id: 'x\n',
      serial: existsSync(serial) ? readFileSync(serial, 'utf8') : '0\n',
      holder: 'me\n',
      wanted: '',
      steps: steps.map((step, index) => `${index + 1}|${step}\n`).join(''),
      expectations: '',
      audit: '"who":"me","commit":"abc","plan":"p"',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    for (const [name, bytes] of Object.entries(uploads)) writeFileSync(join(folder, 'uploads', name), bytes);
    execaSync('sh', ['-c', this.script(), 'sh', folder], { reject: false });
    const calls = existsSync(this.at('calls')) ? readFileSync(this.at('calls'), 'utf8').trim().split('\n') : [];
    return { log: readFileSync(join(folder, 'log'), 'utf8'), calls };
  }

  private script(): string {
    const moved = places.reduce(
      (text, place) => text.replaceAll(place, this.at(place.slice(1))),
      hostScript('executor'),
    );
    return moved.replace(/^PATH=/m, `PATH=${this.at('bin')}:`);
  }
}
