import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from './host.ts';

/** What a lab host's host.yaml says beside its address. */
export interface HostFileOptions {
  readonly name?: string;
  readonly user?: 'root' | 'deploy';
  readonly hostKeys?: readonly string[];
  readonly port?: number;
}

/** Writes hosts/<environment>/<host>/host.yaml of a lab host into a project folder, and returns the host's name there. */
export function writeHostFile(
  projectFolder: string,
  environment: string,
  host: LabHost,
  options: HostFileOptions = {},
): string {
  const { name = host.name, user = 'root', hostKeys = host.hostKeys, port = host.sshPort } = options;
  const folder = join(projectFolder, 'hosts', environment, name);
  mkdirSync(folder, { recursive: true });
  const lines = [
    `name: ${name}`,
    `address: ${host.address}`,
    `port: ${port}`,
    `user: ${user}`,
    `identityFile: ${host.identityFile}`,
    `os: ${host.release}`,
    'hostKeys:',
    ...hostKeys.map((key) => `  - ${key}`),
  ];
  writeFileSync(join(folder, 'host.yaml'), `${lines.join('\n')}\n`);
  return name;
}
