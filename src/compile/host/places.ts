/** Where the host-wide files of the one project lie that manages a host. A project's name holds no dot, so none meets these. */
export const places = {
  settings: '/etc/fairlead',
  scripts: '/usr/local/lib/fairlead',
  firewall: '/etc/fairlead/firewall.nft',
  admins: '/etc/fairlead/admins.list',
  authorizedKeys: '/etc/ssh/authorized_keys.d',
  sudoers: '/etc/sudoers.d/fairlead-admins',
  sshd: '/etc/ssh/sshd_config.d/00-fairlead.conf',
  sysctl: '/etc/sysctl.d/60-fairlead.conf',
  journald: '/etc/systemd/journald.conf.d/50-fairlead.conf',
  upgrades: '/etc/apt/apt.conf.d/52fairlead-upgrades',
} as const;

/** The port that an SSH server listens on when nobody moved it. */
export const usualSshPort = 22;
