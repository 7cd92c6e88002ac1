/**
 * Kernel settings that every managed host gets, by name. Left out are those that break cloud hosts: router advertisements and
 * autoconfiguration (IPv6), forwarding (containers), time stamps (TCP).
 */

/** What keeps one process from the secrets of another, and strangers from steering the network stack. */
export const hardening: Readonly<Record<string, number>> = {
  'fs.protected_fifos': 2,
  'fs.protected_hardlinks': 1,
  'fs.protected_regular': 2,
  'fs.protected_symlinks': 1,
  'fs.suid_dumpable': 0,
  'kernel.dmesg_restrict': 1,
  'kernel.kptr_restrict': 1,
  'kernel.perf_event_paranoid': 3,
  'kernel.sysrq': 0,
  'kernel.unprivileged_bpf_disabled': 2,
  'kernel.yama.ptrace_scope': 1,
  'net.ipv4.conf.all.accept_redirects': 0,
  'net.ipv4.conf.all.accept_source_route': 0,
  'net.ipv4.conf.all.rp_filter': 2,
  'net.ipv4.conf.all.secure_redirects': 0,
  'net.ipv4.conf.all.send_redirects': 0,
  'net.ipv4.conf.default.accept_redirects': 0,
  'net.ipv4.conf.default.accept_source_route': 0,
  'net.ipv4.conf.default.rp_filter': 2,
  'net.ipv4.conf.default.secure_redirects': 0,
  'net.ipv4.conf.default.send_redirects': 0,
  'net.ipv4.icmp_echo_ignore_broadcasts': 1,
  'net.ipv4.icmp_ignore_bogus_error_responses': 1,
  'net.ipv4.tcp_syncookies': 1,
  'net.ipv6.conf.all.accept_redirects': 0,
  'net.ipv6.conf.all.accept_source_route': 0,
  'net.ipv6.conf.default.accept_redirects': 0,
  'net.ipv6.conf.default.accept_source_route': 0,
};

/** What lets a busy server take connections as fast as they come. */
export const tuning: Readonly<Record<string, number>> = {
  'net.core.somaxconn': 4096,
  'net.ipv4.tcp_max_syn_backlog': 4096,
};
