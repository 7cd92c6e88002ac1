import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Run } from '../lab/project.ts';
import { wantedPackage } from './guest.ts';
import type { Machine } from './machine.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What deploy.yaml and the program say; each value is another in each edition. */
interface Edition {
  readonly answer: string;
  readonly bodyLimit: string;
  readonly timezone: string;
  readonly somaxconn: number;
  readonly keepLogs: string;
  readonly sshRate: number;
}

/** Between any two of them the release, the site, the firewall and most other files differ. */
export const editions = {
  first: { answer: 'one', bodyLimit: '1m', timezone: 'UTC', somaxconn: 4097, keepLogs: '30d', sshRate: 9001 },
  second: {
    answer: 'two',
    bodyLimit: '2m',
    timezone: 'Europe/Berlin',
    somaxconn: 4098,
    keepLogs: '40d',
    sshRate: 9002,
  },
  third: { answer: 'three', bodyLimit: '3m', timezone: 'Asia/Tokyo', somaxconn: 4099, keepLogs: '50d', sshRate: 9003 },
} as const satisfies Record<string, Edition>;

export type EditionName = keyof typeof editions;

// Everything is emulated here, so what waits for the host waits long.
const deployFile = ({ answer, bodyLimit, timezone, somaxconn, keepLogs, sshRate }: Edition) => `name: notes
app:
  source: app
  build: node --check server.js
  start: node server.js
  node: 24
  instances: 1
  env:
    ANSWER: ${answer}
  health:
    ready: /
    timeout: 9m
proxy:
  domains: [localhost]
  bodyLimit: ${bodyLimit}
tls:
  provider: none
backups:
  engine: none
host:
  timezone: ${timezone}
  packages: [${wantedPackage}]
  updates:
    automatic: none
  logs:
    retention: ${keepLogs}
  firewall:
    sshRate: ${sshRate}
  sysctl:
    - name: net.core.somaxconn
      value: '${somaxconn}'
`;

const server = `const { createServer } = require('node:http');
createServer((_, response) => response.end(process.env.ANSWER)).listen(process.env.PORT);
`;

/** A project with a small program behind Nginx, whose one host is the virtual machine. */
export class MachineProject {
  constructor(readonly folder: string) {
    mkdirSync(join(folder, 'app'), { recursive: true });
    writeFileSync(join(folder, 'app', 'server.js'), server);
    writeFileSync(join(folder, 'app', 'package.json'), '{ "name": "answer", "version": "1.0.0", "private": true }\n');
    // The runtime that was fetched once serves every run.
    mkdirSync(join(repository, '.fairlead'), { recursive: true });
    symlinkSync(join(repository, '.fairlead'), join(folder, '.fairlead'));
  }

  /** Writes an edition of deploy.yaml. */
  write(edition: EditionName): void {
    writeFileSync(join(this.folder, 'deploy.yaml'), deployFile(editions[edition]));
  }

  /** Describes a machine as the project's only host. */
  reach({ image, sshPort }: Machine): void {
    const folder = join(this.folder, 'hosts', 'production', 'web-1');
    mkdirSync(folder, { recursive: true });
    const login = ['user: root', `identityFile: ${image.identityFile}`, `os: ${image.release}`];
    const keys = ['hostKeys:', ...image.hostKeys.map((key) => `  - ${key}`)];
    const lines = ['name: web-1', 'address: 127.0.0.1', `port: ${sshPort}`, 'confirmWithin: 600', ...login, ...keys];
    writeFileSync(join(folder, 'host.yaml'), `${lines.join('\n')}\n`);
  }

  /** Runs a command of the command line in the project. */
  async run(...args: string[]): Promise<Run> {
    const command = [join(repository, 'bin', 'fairlead.js'), ...args];
    const options = { cwd: this.folder, env: { NO_COLOR: '1' }, all: true, reject: false } as const;
    const { exitCode = -1, stdout, all } = await execa(process.execPath, command, options);
    return { exitCode, stdout, text: all };
  }
}
