/** How data are broken without anybody noticing. */
import type { Ground } from './ground.ts';

/** A script that changes one byte in the middle of a file, and keeps its time and owner. @param file a word of the shell that names it. */
export const flip = (file: string): string => `
file=${file} && size=$(stat -c %s "$file") && at=$((size / 2)) && cp -p "$file" /root/whole &&
byte=$(od -An -tu1 -j $at -N 1 "$file" | tr -d ' ') &&
printf "\\\\$(printf '%03o' $(((byte + 1) % 256)))" | dd of="$file" bs=1 seek=$at conv=notrunc status=none &&
touch -r /root/whole "$file" && ! cmp -s /root/whole "$file"`;

/** The cluster came with the image of the lab, whose packages were installed without Fairlead, and so without checksums of pages. */
export const withChecksums = ({ host }: Ground): Promise<string> =>
  host.sh(`
cluster=$(ls -d /var/lib/postgresql/*/main) && version=$(basename "$(dirname "$cluster")") && systemctl stop "postgresql@$version-main" &&
cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "/usr/lib/postgresql/$version/bin/pg_checksums" --enable -D "$cluster" &&
systemctl start "postgresql@$version-main"`);
