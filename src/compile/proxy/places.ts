/** Where the proxy's files lie on a host. */
export const mainFile = '/etc/nginx/nginx.conf';
export const dropInFolder = '/etc/systemd/system/nginx.service.d';
export const dropIn = `${dropInFolder}/fairlead.conf`;

/** Paths of one project. */
export const sitePlaces = (name: string) => ({
  available: `/etc/nginx/sites-available/${name}.conf`,
  enabled: `/etc/nginx/sites-enabled/${name}.conf`,
  configuration: `/etc/fairlead/${name}`,
  passwords: `/etc/fairlead/${name}/htpasswd`,
  pages: `/etc/fairlead/${name}/pages`,
  maintenancePage: `/etc/fairlead/${name}/pages/+maintenance.html`,
  /** A folder of its own, which the distribution's logrotate file (/var/log/nginx/*.log) leaves alone. */
  logs: `/var/log/nginx/${name}`,
  logrotate: `/etc/logrotate.d/fairlead-${name}`,
});
