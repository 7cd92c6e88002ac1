import type { Stored } from '../compile/release.ts';

/** Something that happened to a release on a host, and who did it. */
export interface ReleaseEvent {
  readonly release: string;
  /** In UTC (RFC 3339). */
  readonly at: string;
  readonly transaction: string;
  readonly who: string;
  readonly commit: string;
}

/** A migration that ran, and for which release. */
export interface Migration {
  readonly name: string;
  /**
   * What it means for releases of before: `expand` means nothing, `contract` took something away, `unknown` was not judged, and
   * `adopted` had run before anybody kept count.
   */
  readonly kind: 'expand' | 'contract' | 'unknown' | 'adopted';
  readonly release: string;
  /** In UTC (RFC 3339). */
  readonly at: string;
}

/** What a host knows of the releases of a project. */
export interface HostReleases {
  /** The release that serves. */
  readonly live: string | undefined;
  /** The release in the other slot. */
  readonly other: string | undefined;
  /** Releases that are kept, and who brought them; newest first. */
  readonly kept: readonly ReleaseEvent[];
  /** When releases went live, oldest first. */
  readonly switches: readonly ReleaseEvent[];
  /** Oldest first. */
  readonly migrations: readonly Migration[];
  /** By release: the stored resources of the live one and of that which was asked for; those of a damaged line are missing. */
  readonly stored: ReadonlyMap<string, Stored>;
}

/** Reads what the script `releases` prints. Lines that a hand has damaged are left out: what they told is not known. */
export function readReleases(output: string): HostReleases {
  const lines = output.split('\n').map((line): [string, string] => {
    const space = line.indexOf(' ');
    return [line.slice(0, space), line.slice(space + 1)];
  });
  const textOf = (word: string) => lines.find(([first]) => first === word)?.[1];
  const events = (word: string) => lines.flatMap(([first, text]) => (first === word ? parse(text) : []));
  return {
    live: textOf('live'),
    other: textOf('other'),
    kept: events('release').sort((a, b) => b.at.localeCompare(a.at)),
    switches: events('switch'),
    migrations: lines.flatMap(([word, text]) => (word === 'migration' ? migrationIn(text) : [])),
    stored: new Map(lines.flatMap(([word, text]) => (word === 'stored' ? storedIn(text) : []))),
  };
}

function storedIn(text: string): [string, Stored][] {
  const [release = ''] = text.split(' ', 1);
  try {
    const stored = JSON.parse(text.slice(release.length)) as Stored;
    return stored.format === 1 && Array.isArray(stored.resources) ? [[release, stored]] : [];
  } catch {
    return [];
  }
}

function migrationIn(text: string): Migration[] {
  try {
    const migration = JSON.parse(text) as Migration;
    return typeof migration.name === 'string' && typeof migration.at === 'string' ? [migration] : [];
  } catch {
    return [];
  }
}

const texts = ['release', 'at', 'transaction', 'who', 'commit'] as const;

function parse(line: string): ReleaseEvent[] {
  try {
    const event = JSON.parse(line) as ReleaseEvent;
    return texts.every((name) => typeof event[name] === 'string') ? [event] : [];
  } catch {
    return [];
  }
}

/**
 * The release that a rollback goes back to: the one that was live before the one that is, as far as it is kept. Who went back and wants
 * to go back again goes on from where they are, and does not return.
 */
export function previousRelease({ live, kept, switches }: HostReleases): string | undefined {
  const names = switches.map(({ release }) => release);
  const first = live === undefined ? -1 : names.indexOf(live);
  const before = names.slice(0, Math.max(first, 0)).reverse();
  return before.find((name) => name !== live && kept.some(({ release }) => release === name));
}

/** The kept releases whose name or commit begins with what somebody typed. */
export const matching = ({ kept }: HostReleases, typed: string): ReleaseEvent[] =>
  kept.filter(({ release, commit }) => release.startsWith(typed) || commit.startsWith(typed));

/**
 * Migrations that a release cannot be expected to run on: those that ran for another one since it came here or went live last, and took
 * something away, or may have.
 */
export function migrationsPast(release: string, { kept, switches, migrations }: HostReleases): Migration[] {
  const times = [...kept, ...switches].filter((one) => one.release === release).map(({ at }) => at);
  const last = times.sort().at(-1) ?? '';
  return migrations.filter(
    (one) => one.release !== release && one.at > last && (one.kind === 'contract' || one.kind === 'unknown'),
  );
}
