import type { LabHost } from '../lab/host.ts';
import type { Release } from '../lab/releases.ts';

/** From where an older server comes that runs on a release: the release before it, or one with the same C library. */
interface Origin {
  readonly version: number;
  /** Prints a line of sources.list(5), on the host. */
  readonly source: string;
  readonly suite: string;
  /** Packages that come from there; everything else is the release's own. */
  readonly packages: string;
}

const origins: Record<Release, Origin> = {
  // Ubuntu 22.04 from where debootstrap would take it.
  'debian-12': {
    version: 14,
    source: `apt-get -q -y --no-install-recommends install debootstrap >&2
sed -n '/old-releases/!s/^.*default_mirror *\\(http[^ ]*\\).*$/deb [trusted=yes] \\1 jammy main/p' /usr/share/debootstrap/scripts/gutsy | head -n 1`,
    suite: 'jammy',
    packages: 'postgresql-14 postgresql-client-14 libicu70 libllvm14',
  },
  'debian-13': {
    version: 15,
    source: "sed -n '/ trixie main/s/trixie/bookworm/p' /etc/apt/sources.list | head -n 1",
    suite: 'bookworm',
    packages: 'postgresql-15 postgresql-client-15 libicu72 libldap-2.5-0 libllvm14',
  },
};

/** The major version that `installOlderServer` brings to a release. */
export const olderVersion = (release: Release): number => origins[release].version;

/**
 * Leaves a host as one is whose operating system was upgraded: an older server with its cluster, from a source that is no longer there, and none
 * of the release's own.
 */
export async function installOlderServer(host: LabHost, release: Release, checksums: boolean): Promise<void> {
  const { version, source, suite, packages } = origins[release];
  await host.sh(`
for own in /etc/postgresql/*/main; do [ ! -d "$own" ] || pg_dropcluster --stop "$(basename "$(dirname "$own")")" main; done
DEBIAN_FRONTEND=noninteractive apt-get -q -y purge $(dpkg-query -W -f '\${Package} ' 'postgresql-[0-9]*')
apt-get -q update
{ ${source}
} >/etc/apt/sources.list.d/older.list
printf 'Package: *\\nPin: release n=${suite}\\nPin-Priority: -1\\n\\nPackage: ${packages}\\nPin: release n=${suite}\\nPin-Priority: 900\\n' >/etc/apt/preferences.d/older
mkdir -p /etc/postgresql-common/createcluster.d
printf "create_main_cluster = false\\n" >/etc/postgresql-common/createcluster.d/older.conf
apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install postgresql-${version}
rm /etc/apt/sources.list.d/older.list /etc/apt/preferences.d/older /etc/postgresql-common/createcluster.d/older.conf
pg_createcluster --port=5432 ${version} main -- ${checksums ? '--data-checksums' : ''}`);
}
