import { type HostReleases, previousRelease, type ReleaseEvent } from '../apply/releases.ts';
import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';

/** The releases of one host for people, newest first. */
export function releasesText(host: string, releases: HostReleases, colors: Colors): string {
  const { kept } = releases;
  const count = kept.length === 1 ? '1 release' : `${kept.length} releases`;
  const previous = previousRelease(releases);
  const lines = kept.map((one) => releaseLine(one, stateOf(one.release, releases, previous), colors));
  return `${[colors.bold(host) + (kept.length === 0 ? ': no release yet' : `: ${count}`), ...lines].join('\n')}\n`;
}

/** What a release is to the host: it serves, it is where a rollback goes to, or it is only kept. */
function stateOf(release: string, { live, switches }: HostReleases, previous: string | undefined): string {
  if (release === live) return 'live';
  if (release === previous) return 'previous';
  return switches.some((one) => one.release === release) ? 'kept' : 'never live';
}

function releaseLine({ release, at, who, commit }: ReleaseEvent, state: string, colors: Colors): string {
  const color = state === 'live' ? colors.green : state === 'never live' ? colors.yellow : colors.dim;
  const from = `commit ${commit.slice(0, 12)}${commit.endsWith('+changes') ? '+changes' : ''}`;
  return `  ${printable(release)} ${color(state.padEnd(10))} ${printable(`${at} ${who}; ${from}`)}`;
}
