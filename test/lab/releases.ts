/** The Debian releases that the lab can start, and the names of their suites in Debian's archive. */
export const codenames = { 'debian-12': 'bookworm', 'debian-13': 'trixie' } as const;

export type Release = keyof typeof codenames;

export const releases = Object.keys(codenames) as Release[];

/** The releases that this process should test: the one in LAB_RELEASE, else all. */
export function labReleases(): Release[] {
  const wanted = process.env.LAB_RELEASE;
  return wanted ? [asRelease(wanted)] : releases;
}

/** Throws, with the names there are, when `name` is no release of the lab. */
export function asRelease(name: string): Release {
  const release = releases.find((known) => known === name);
  if (!release) throw new Error(`there is no lab release ${name}; choose ${releases.join(' or ')}`);
  return release;
}
