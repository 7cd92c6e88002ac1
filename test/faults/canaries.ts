import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { LabHost } from '../lab/host.ts';

/** All forms in which a secret could show: as it is, as a password file writes it (libpq), in the usual encodings, and as a hash that somebody could try values against. */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const base64 = bytes.toString('base64').replace(/=+$/, '').slice(0, -1);
  return [value, value.replaceAll(':', '\\:'), base64, bytes.toString('hex'), sha256, encodeURIComponent(value)];
}

/** Which of some secrets a text shows, in any form. */
export const shownIn = (text: string, secrets: readonly string[]): string[] =>
  secrets.filter((secret) => formsOf(secret).some((form) => text.includes(form)));

const folder = '/run/canaries';

/**
 * Reads arguments and environments of all processes over and over, as root, and notes in which process a pattern shows. The patterns
 * are read from a file at each round, so that they are in no argument here.
 */
const watcher = `
use strict;
my %told;
my $rounds = 0;
while (1) {
	open(my $list, "<", "${folder}/list") or next;
	my $any = join("|", map { chomp; quotemeta } grep { /\\S/ } <$list>);
	for my $process (grep { m{/[0-9]+\\z} } glob("/proc/*")) {
		for my $what ("cmdline", "environ") {
			open(my $file, "<", "$process/$what") or next;
			local $/;
			my $text = <$file> // next;
			next if $any eq "" || $text !~ /$any/ || $told{"$process $what"}++;
			open(my $name, "<", "$process/comm");
			open(my $seen, ">>", "${folder}/seen");
			print $seen "$what of ", <$name> // "a process that ended\\n";
		}
	}
	open(my $count, ">", "${folder}/rounds.new") or next;
	print $count ++$rounds;
	select(undef, undef, undef, 0.02);
	close($count) and rename("${folder}/rounds.new", "${folder}/rounds");
}
`;

/** Looks for secrets on a host: in processes as long as it runs, in the journal and in files when it is asked. */
export class Watch {
  private constructor(private readonly host: LabHost) {}

  static async begin(host: LabHost): Promise<Watch> {
    await host.exec(['sh', '-c', `umask 077; mkdir ${folder} && : >${folder}/list && cat >${folder}/watch.pl`], {
      input: watcher,
    });
    await host.sh(`systemd-run --quiet --unit=canary-watch perl ${folder}/watch.pl`);
    return new Watch(host);
  }

  /** Says what to look for, in all forms. */
  async lookFor(secrets: readonly string[]): Promise<void> {
    const list = secrets.flatMap(formsOf).map((form) => `${form}\n`);
    await this.host.exec(['sh', '-c', `cat >${folder}/new && mv ${folder}/new ${folder}/list`], {
      input: list.join(''),
    });
  }

  /** Processes in whose arguments or environment a secret showed, and how often all were looked through. */
  async processes(): Promise<{ seen: string; rounds: number }> {
    const seen = await this.host.sh(`cat ${folder}/seen 2>/dev/null || true`);
    return { seen, rounds: Number(await this.host.sh(`cat ${folder}/rounds`)) };
  }

  /** Forgets which processes were seen. */
  async forget(): Promise<void> {
    await this.host.sh(`rm -f ${folder}/seen`);
  }

  /** Lines of the journal that show one of them. */
  async journal(): Promise<string> {
    return this.host.sh(`journalctl --all --no-pager --output=export | grep -aFf ${folder}/list || true`);
  }

  /** Paths of files that show one of them, wherever on the host; where systemd hands them to a process is left out. */
  async files(): Promise<string[]> {
    const found = await this.host.sh(`grep -rlaFf ${folder}/list /etc /var /srv /opt /root /home /tmp /usr/local /run \\
      --exclude-dir=canaries --exclude-dir=credentials --exclude-dir=docker --exclude-dir=journal 2>/dev/null | sort || true`);
    return found.split('\n').filter((line) => line !== '');
  }
}

/** Samples the arguments of all processes of this machine until it is stopped, as any user here could. */
export class LocalProcesses {
  private text = new Set<string>();
  private readonly timer = setInterval(() => this.sample(), 25);

  private sample(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        this.text.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        // It ended in between.
      }
    }
  }

  /** All arguments that were seen. */
  seen(): string {
    return [...this.text].join('\n');
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
