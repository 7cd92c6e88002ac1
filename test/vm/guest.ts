/** What makes an image out of Debian's packages: what is in it, and how its kernel keeps what is not yet on disk. */

/** A port of the virtual machine (virtio-serial) over which the guest tells of each call of sync. */
export const syncPort = 'fairlead.sync';

/** While this file is there, sync says yes and does nothing: the control. */
export const lieFile = '/run/sync-lies';

/**
 * Takes the place of sync(1) for the executor, whose PATH begins with this folder. After the real call another program of the host
 * has something written to disk: on ext4 that commits every name and rename there is, with the data of that one file alone, which is
 * when a missing sync shows. Then it tells the harness how many lines the journal has, in which folder, and what was asked for, and
 * waits for its word.
 */
const sync = `#!/bin/sh
[ -e ${lieFile} ] || /usr/bin/sync "$@" || exit
echo neighbour >>/var/tmp/neighbour && /usr/bin/sync -d /var/tmp/neighbour
[ -e /dev/virtio-ports/${syncPort} ] || exit 0
exec 3<>/dev/virtio-ports/${syncPort} || exit 0
printf '%s %s %s\\n' "$(cat journal 2>/dev/null | wc -l)" "$PWD" "$*" >&3
read -r _ <&3
`;

/** No write reaches the disk unless somebody asks for it: not by age, not by amount, and not because a file replaces another. */
const mountOptions = 'commit=900,noauto_da_alloc';
const writeback = [
  'vm.dirty_ratio = 90',
  'vm.dirty_background_ratio = 85',
  'vm.dirty_expire_centisecs = 360000',
  'vm.dirty_writeback_centisecs = 360000',
];

/** What the kernel is told when it boots. */
export const kernelCommandLine = `root=/dev/vda rw rootflags=${mountOptions} console=ttyS0 net.ifnames=0 quiet`;

/** Packages of the image: a server that boots, and what the tested project asks for, so that no test waits for an archive. */
export const packages = [
  ...[
    'linux-image-cloud-amd64',
    'initramfs-tools',
    'udev',
    'systemd',
    'systemd-sysv',
    'dbus',
    'openssh-server',
    'sudo',
  ],
  ...['ca-certificates', 'iproute2', 'nftables', 'nginx', 'curl', 'logrotate', 'systemd-timesyncd', 'tzdata'],
];

/** Files of the image, beside those of its packages. */
export const files: Readonly<Record<string, { text: string; mode?: number }>> = {
  'usr/local/sbin/sync': { text: sync, mode: 0o755 },
  'etc/fstab': { text: `/dev/vda / ext4 ${mountOptions} 0 0\n` },
  'etc/sysctl.d/99-vm.conf': { text: `${writeback.join('\n')}\n` },
  // A journal on disk would have everything else written with it now and then.
  'etc/systemd/journald.conf.d/99-vm.conf': { text: '[Journal]\nStorage=volatile\n' },
  'etc/systemd/network/10-vm.network': {
    text: '[Match]\nName=eth0\n\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n',
  },
  'etc/hostname': { text: 'web-1\n' },
  'etc/hosts': { text: '127.0.0.1 localhost web-1\n' },
  'etc/default/locale': { text: 'LANG=C.UTF-8\n' },
};

/** What is done in the image at last, as root and with it as the root folder. */
export const finishing = `
systemctl enable systemd-networkd ssh
systemctl disable nginx systemd-networkd-wait-online
systemctl mask apt-daily.timer apt-daily-upgrade.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/share/doc /usr/share/man
`;

/** A package that the tested project installs from an archive of one package in the image. */
export const wantedPackage = 'tree';

/** Makes that archive while the image can still reach Debian's. `$1` is the root folder of the image. */
export const archive = `
mkdir "$1/opt/archive"
chroot "$1" sh -euc 'cd /opt/archive && apt-get -q download ${wantedPackage}'
cd "$1/opt/archive"
deb=$(echo *.deb)
{
  dpkg-deb --field "$deb"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -c 1-64)"
} >Packages
rm -rf "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/opt/archive ./' >"$1/etc/apt/sources.list"
`;

/** Modules of the kernel without which its root is not found; all others would only make the boot longer. */
export const modules = ['virtio_pci', 'virtio_blk', 'ext4', 'crc32c'];
