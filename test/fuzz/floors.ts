/**
 * What the programs of older releases do not know, so that no file for them may hold it. There is no lab host of Ubuntu: this table
 * stands for its programs. The numbers are from the changelogs of the programs.
 */

import type { HostManifest } from '../../src/compile/manifest.ts';
import type { Release } from '../../src/compile/targets.ts';
import { isText } from '../../src/resources/resource.ts';

interface Floor {
  /** Files that it is about. */
  readonly path: RegExp;
  /** What they may hold only for some releases. */
  readonly what: RegExp;
  /** The releases whose program knows it. */
  readonly on: readonly Release[];
}

const nginx = /^\/etc\/nginx\//;
const unit = /^\/etc\/systemd\/system\//;
const sshd = /^\/etc\/ssh\/sshd_config/;

/** All but Ubuntu 22.04, the oldest of them. */
const newer: readonly Release[] = ['debian-12', 'debian-13', 'ubuntu-24.04'];

const floors: readonly Floor[] = [
  // Nginx 1.18, 1.22, 1.24 and 1.26.
  { path: nginx, what: /^\s*http2 on;/m, on: ['debian-13'] },
  { path: nginx, what: /^\s*(listen [^;]* quic|http3|quic_\w+)\b/m, on: ['debian-13'] },
  { path: nginx, what: /^\s*(ssl_reject_handshake|ssl_conf_command)\b/m, on: newer },
  { path: nginx, what: /^\s*keepalive_time\b/m, on: newer },
  { path: nginx, what: /^\s*(add_header_inherit|max_headers)\b/m, on: [] },
  { path: nginx, what: /MLKEM/, on: ['debian-13'] },
  { path: nginx, what: /^\s*brotli/m, on: newer },
  // systemd 249, 252, 255 and 257.
  {
    path: unit,
    what: /^(RestartSteps|RestartMaxDelaySec|RestartMode|ImportCredential)=/m,
    on: ['debian-13', 'ubuntu-24.04'],
  },
  { path: unit, what: /^(OpenFile|ReloadSignal|MemoryZSwapMax)=/m, on: ['debian-13', 'ubuntu-24.04'] },
  { path: unit, what: /^(LoadCredentialEncrypted|SetCredentialEncrypted|ExitType)=/m, on: newer },
  // The folder of credentials as a specifier.
  { path: unit, what: /^[A-Z]\w*=([^%\n]|%[^d\n])*%d/m, on: newer },
  // OpenSSH 8.9, 9.2, 9.6 and 10.0.
  { path: sshd, what: /^\s*PerSourcePenalties/im, on: ['debian-13'] },
  { path: sshd, what: /^[^#\n]*mlkem768x25519/im, on: ['debian-13'] },
  { path: sshd, what: /^\s*(ChannelTimeout|UnusedConnectionTimeout|RequiredRSASize)/im, on: newer },
  // Certbot 1.21, 2.1, 2.9 and 4.0.
  { path: /\/certbot\.ini$/, what: /^(preferred-profile|required-profile)/m, on: ['debian-13'] },
  // Redis 6.0, 7.0 and 8.0.
  { path: /redis\.conf$/, what: /^enable-(protected-configs|debug-command|module-command)/m, on: newer },
  // PgBouncer 1.16, 1.18, 1.22 and 1.24.
  { path: /\/pgbouncer\.ini$/, what: /^max_prepared_statements/m, on: ['debian-13', 'ubuntu-24.04'] },
  // pgBackRest 2.37, 2.45, 2.50 and 2.55.
  { path: /\/pgbackrest\.conf$/, what: /^repo\d-(type=sftp|sftp-)/m, on: ['debian-13', 'ubuntu-24.04'] },
  // Compose 1.29, 2.24 and 2.26.
  { path: /\/compose\.yaml$/, what: /^(name:|\s+(start_interval|develop):)/m, on: ['debian-13', 'ubuntu-24.04'] },
];

type Text = { readonly path: string; readonly content: string };

/** What stands in a file that the programs of a release do not know. */
export const unknownIn = ({ path, content }: Text, release: Release): string[] =>
  floors
    .filter((floor) => floor.path.test(path) && !floor.on.includes(release))
    .flatMap(({ what }) => content.match(what)?.[0].trim() ?? [])
    .map((found) => `${path} for ${release}: ${found}`);

/** The same for all files of a host. */
export const unknownOn = ({ resources, host }: HostManifest): string[] =>
  resources.filter(isText).flatMap((text) => unknownIn(text, host.os));
