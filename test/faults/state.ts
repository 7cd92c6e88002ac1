import type { LabHost } from '../lab/host.ts';

/**
 * All that an apply of the lab's project changes on a host, a line each: contents, modes and owners below /etc, names, modes and
 * owners below /srv, what the live links name, the packet filter, and which units run. Not in it, because they may differ: the copies
 * that useradd(8) keeps of the files of users, its lock, and what Docker writes at each start.
 */
const listing = `
export LC_ALL=C
mayDiffer='^/etc/([a-z]+-|\\.pwd\\.lock|hosts|hostname|resolv\\.conf|mtab)$'
find /etc -xdev -type f | grep -Ev "$mayDiffer" | sort | tr '\\n' '\\0' | xargs -0 sha256sum
find /etc /srv -xdev -printf '%p\\t%y %m %u:%g %l\\n' | awk -F '\\t' -v skip="$mayDiffer" '$1 !~ skip' | sort
for link in /run/notes/live /run/notes/release; do echo "$link $(readlink $link)"; done
if command -v nft >/dev/null; then nft list ruleset | grep -v -e counter -e 'update @' -e expires | sed 's/^/nft /'; fi
systemctl list-units --all --plain --no-legend 'notes*' nginx.service 'postgresql*' ssh.service 'fairlead*' |
	awk '$1 !~ /^fairlead-notes-2/ && $3 != "inactive" { print "unit", $1, $3, $4 }' | sort
`;

/** What a host is like, as lines; two hosts that are alike give the same. */
export async function stateOf(host: LabHost): Promise<string[]> {
  return (await host.sh(listing)).trimEnd().split('\n');
}

/** The lines that only one of two states has, with + for the second. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  const [old, young] = [new Set(before), new Set(after)];
  const gone = before.filter((line) => !young.has(line)).map((line) => `- ${line}`);
  return [...gone, ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`)];
}

const leftovers = `
find /etc /srv /usr/sbin /opt /run/notes /var/lib/fairlead -xdev \\( -name '.fairlead.*' -o -name '*.fairlead-*' -o -name '*.new' -o -name '.incoming.*' \\) -not -path '*/transactions/*/undo/*' 2>/dev/null || true
ls -d /usr/sbin/policy-rc.d /var/lib/fairlead/*/unfinished 2>/dev/null || true
ls -d /var/lib/fairlead/*/transactions/*/uploads /var/lib/fairlead/*/transactions/*/sums /var/lib/fairlead/*/transactions/*/digest-key 2>/dev/null || true
for lock in /var/lib/fairlead/*/lock; do if [ -e "$lock" ]; then flock --nonblock "$lock" true || echo "$lock is held"; fi; done
systemctl list-units --all --plain --no-legend 'fairlead-*-2*' | awk '{ print "unit", $1, $3 }'`;

/** What no transaction may leave: half-written files, locks, policies, brought contents, units, marks of an unfinished one. */
export async function leftoversOn(host: LabHost): Promise<string[]> {
  return (await host.sh(leftovers)).split('\n').filter((line) => line !== '');
}

/** Puts one of each kind of leftover on a host, to show that `leftoversOn` sees them; returns how many. `tidy` takes them back. */
export async function plantLeftovers(host: LabHost): Promise<{ planted: number; tidy: () => Promise<void> }> {
  const folder = '/var/lib/fairlead/control';
  const paths = [
    '/etc/.fairlead.abcdef',
    '/etc/a.fairlead-new',
    '/etc/a.fairlead-undo',
    '/srv/a.new',
    '/var/lib/fairlead/.incoming.abcdef',
    '/usr/sbin/policy-rc.d',
    `${folder}/unfinished`,
    `${folder}/transactions/one/uploads`,
    `${folder}/transactions/one/sums`,
    `${folder}/transactions/one/digest-key`,
  ];
  await host.sh(`mkdir -p ${folder}/transactions/one; touch ${paths.join(' ')}
    systemd-run --quiet --unit=fairlead-control-2 flock ${folder}/lock sleep 600
    until [ -e ${folder}/lock ]; do sleep 0.1; done; sleep 0.3`);
  const tidy = async () => {
    await host.sh(`systemctl stop fairlead-control-2; rm -rf ${folder} ${paths.join(' ')}`);
  };
  return { planted: paths.length + 2, tidy };
}

/** Waits until no executor or recovery of the project works on a host, three minutes at most. */
export async function settled(host: LabHost): Promise<void> {
  await host.sh(`for i in $(seq 900); do
    case $(systemctl list-units --plain --no-legend --state=active,activating,deactivating,reloading 'fairlead-*-2*') in '') exit 0 ;; esac
    sleep 0.2
  done; echo 'the executor does not end' >&2; exit 1`);
}

/** How the newest transaction on a host ended, as the last line of its journal says: `end <outcome> …` when it ended. */
export async function lastEnd(host: LabHost): Promise<string> {
  const folder = '/var/lib/fairlead/notes/transactions';
  return (await host.sh(`tail -n 1 "${folder}/$(ls ${folder} | tail -n 1)/journal" 2>/dev/null || true`)).trim();
}
