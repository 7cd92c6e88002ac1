import type { BackupProgress } from '../apply/backup-run.ts';
import { elapsedText } from './duration.ts';
import { LiveArea, type Output } from './live.ts';

/** How far the backups, drills or restores of hosts are: on a terminal a line each that is written over, elsewhere nothing. */
export class BackupProgressLines {
  private readonly area: LiveArea | undefined;
  private readonly hosts = new Map<string, BackupProgress>();

  constructor(output: Output) {
    this.area = output.isTTY ? new LiveArea(output) : undefined;
  }

  hear(host: string, more: BackupProgress): void {
    this.hosts.set(host, { ...this.hosts.get(host), ...more });
    this.area?.show(
      [],
      [...this.hosts].map(([name, one]) => progressLine(name, one)),
    );
  }

  /** Leaves the terminal as it was. */
  end(): void {
    this.area?.show([], []);
  }
}

/** One host's line: `db-1 recovering, 12 s`, `db-1 40 %, 1 min 2 s`. */
export function progressLine(host: string, { joined, phase, seconds, percent }: BackupProgress): string {
  const parts = [
    ...(joined ? ['was at work already'] : []),
    ...(phase === undefined ? [] : [phase]),
    ...(percent === undefined ? [] : [`${percent} %`]),
    ...(seconds === undefined ? [] : [elapsedText(seconds * 1000)]),
  ];
  return `${host} ${parts.length === 0 ? 'begins' : parts.join(', ')}`;
}
