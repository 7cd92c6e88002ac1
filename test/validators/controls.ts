/** A broken file for each judge, which it must refuse: a judge that refuses nothing proves nothing. */
import type { HostManifest } from '../../src/compile/manifest.ts';
import type { Release } from '../../src/compile/targets.ts';

/** The path and the content of a broken file. */
export type Broken = readonly [path: string, content: string];

const project = 'control';
const own = `/etc/fairlead/${project}`;
const unit = '/etc/systemd/system';

/** Broken files by the judge that must refuse them; `postgres` is the version that the release has. */
export const brokenFiles = (postgres: number): Readonly<Record<string, readonly Broken[]>> => ({
  nginx: [
    ['/etc/nginx/nginx.conf', 'events {}\nhttp { no_such_directive on; }\n'],
    // A warning alone.
    [
      '/etc/nginx/nginx.conf',
      'events {}\nhttp { server { listen 80; server_name a; } server { listen 80; server_name a; } }\n',
    ],
  ],
  units: [
    [`${unit}/control-a.service`, '[Service]\nExecStart=/bin/true\nNoSuchKey=1\n'],
    [`${unit}/control-a.timer`, '[Timer]\nOnCalendar=at noon\n'],
  ],
  exposure: [[`${unit}/control-blue@.service`, '[Service]\nExecStart=/bin/true\n']],
  journal: [['/etc/systemd/journald.conf.d/50-control.conf', '[Journal]\nNoSuchKey=1\n']],
  tmpfiles: [['/etc/tmpfiles.d/control.conf', 'nonsense /run/control\n']],
  environment: [[`${own}/app.env`, 'A=what systemd cuts off \n']],
  certbot: [[`${own}/certbot.ini`, 'no-such-option = 1\n']],
  shell: [[`/usr/local/lib/fairlead/${project}/script`, '#!/bin/sh\nrm -rf $1\n']],
  sql: [[`${own}/database.sql`, 'ALTER NOTHING;\n']],
  pgbackrest: [[`${own}/pgbackrest.conf`, '[global]\nrepo1-type=nowhere\n\n[control]\npg1-path=/var/lib/postgresql\n']],
  pgbouncer: [
    [`${own}/pgbouncer.ini`, '[databases]\n[pgbouncer]\nunix_socket_dir = /run/control-pgbouncer\npool_mode = x\n'],
  ],
  redis: [[`${own}/redis.conf`, 'unixsocket /run/control-redis/redis.sock\nport 0\nno-such-directive yes\n']],
  compose: [
    [`${own}/compose.yaml`, 'services:\n  web:\n    image: a\n    no_such_key: 1\n'],
    ['containers/compose.development.yaml', 'services:\n  web:\n    image: a\n    ports: x\n'],
  ],
  hba: [[`/etc/postgresql/${postgres}/main/control-hba.conf`, 'nowhere all all peer\n']],
  ident: [[`/etc/postgresql/${postgres}/main/control-ident.conf`, 'control /( control\n']],
  cluster: [
    ['/etc/postgresql-common/createcluster.d/control.conf', "initdb_options = '--no-such-option'\n"],
    ['/etc/postgresql-common/createcluster.d/control.conf', 'initdb_options = --data-checksums, please\n'],
  ],
  postgres: [[`/etc/postgresql/${postgres}/main/conf.d/control.conf`, 'no_such_setting = 1\n']],
  apt: [['/etc/apt/apt.conf.d/52control', 'Unattended-Upgrade::Mail "nobody\n']],
  sources: [['/etc/apt/sources.list.d/control.sources', 'Types: deb\nSuites: x\n']],
  firewall: [['/etc/fairlead/firewall.nft', 'table inet control { chain input { drop everything } }\n']],
  keys: [['/etc/ssh/authorized_keys.d/ada', 'ssh-ed25519 AAAA\n']],
  sshd: [['/etc/ssh/sshd_config.d/00-control.conf', 'NoSuchKeyword yes\n']],
  sudoers: [['/etc/sudoers.d/control', 'ada ALL=(\n']],
  sysctl: [['/etc/sysctl.d/60-control.conf', 'net.core.somaxconn\n']],
  logrotate: [['/etc/logrotate.d/control', '/var/log/control/*.log {\n  no_such_directive\n}\n']],
  cloudinit: [['cloud-init.yaml', '#cloud-config\nusers: 5\n']],
  page: [[`${own}/pages/maintenance.html`, '<!doctype html><p><script>alert(1)</script></p>\n']],
  htpasswd: [[`${own}/htpasswd`, 'guest:in-the-clear\n']],
  pgpass: [[`${own}/pgpass`, 'db:5432:notes:no-password\n']],
  words: [['/etc/fairlead/admins.list', 'ada; reboot\n']],
  lines: [[`${own}/drill-checks.sql`, 'SELECT 1\u0007\n']],
  workflow: [['.github/workflows/deploy.yml', 'on: push\njobs: { a: { steps: [] } }\n']],
  dockerfile: [['containers/Dockerfile', 'FROM a\nCMD ["node", server.js]\n']],
});

/** A host that has one broken file. */
export function brokenHost(os: Release, [path, content]: Broken): HostManifest {
  const lines = content.split('\n').map(() => []);
  const text = { path, content, lines, origin: 'name' };
  const onHost = path.startsWith('/');
  const host = {
    name: 'control',
    address: '192.0.2.1',
    port: 22,
    user: 'root',
    os,
    architecture: 'amd64',
    hostKeys: [],
    roles: ['proxy', 'app', 'worker', 'database'],
    cpus: 2,
    memory: '2G',
    mounts: [],
  } as unknown as HostManifest['host'];
  const file = {
    kind: 'file',
    id: `file:${path}`,
    mode: '644',
    owner: 'root',
    group: 'root',
    needs: [],
    ...text,
  } as const;
  return {
    project,
    environment: 'production',
    host,
    resources: onHost ? [file] : [],
    companions: onHost ? [] : [text],
    positions: {},
  };
}
