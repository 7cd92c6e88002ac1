import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFrames } from '../../src/apply/frames.ts';
import { probe } from '../../src/apply/probe.ts';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { hostScript } from '../../src/project/assets.ts';
import type { Connection } from '../../src/transport/transport.ts';
import type { LabHost } from '../lab/host.ts';
import type { Program } from './measure.ts';
import type { Setting } from './project.ts';

/** What a plan sends to a host: the text of a script, and its standard input. */
interface Request {
  readonly script: string;
  readonly input: string;
}

class Recorded extends Error {
  constructor(readonly request: Request) {
    super('recorded');
  }
}

/** Takes the request from the product itself, by a connection that only writes it down. */
async function requestOf(manifest: HostManifest): Promise<Request> {
  const connection: Connection = {
    run: (script, options) => Promise.reject(new Recorded({ script, input: String(options?.input ?? '') })),
    close: () => undefined,
  };
  try {
    await probe(connection, manifest, hostScript('probe'));
  } catch (error) {
    if (error instanceof Recorded) return error.request;
    throw error;
  }
  throw new Error('a probe that ran nothing');
}

/** Options by which OpenSSH logs in with the lab's key and trusts the pinned keys of a host alone. */
export function sshOptions(host: LabHost, knownHosts: string): string[] {
  const settings = {
    BatchMode: 'yes',
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlias: host.name,
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    UserKnownHostsFile: knownHosts,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['-F', '/dev/null', '-i', host.identityFile, ...options];
}

/** Writes the keys that host.yaml pins as ssh reads them, whatever port leads to the host, and returns the file. */
export function writeKnownHosts(folder: string, host: LabHost): string {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, host.hostKeys.map((key) => `${host.name} ${key}\n`).join(''));
  return file;
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The least that reading the same facts can cost: OpenSSH, a fresh connection, the probe of the product in one exec.
 *
 * @param port another way to the host than its own.
 */
export async function floor({
  host,
  manifest,
  knownHosts,
  port = host.sshPort,
}: Setting & { readonly port?: number }): Promise<Program> {
  const { script, input } = await requestOf(manifest);
  // The product compresses what it sends and reads; on loopback that costs more than it saves.
  const compression = port === host.sshPort ? 'no' : 'yes';
  const options = ['-T', '-o', `Compression=${compression}`, ...sshOptions(host, knownHosts), '-p', String(port)];
  return {
    name: 'OpenSSH with one batched probe',
    command: ['ssh', ...options, `root@${host.address}`, `sh -c ${quote(script)}`],
    input,
    accept: (stdout) => {
      if (!readFrames(Buffer.from(stdout))) throw new Error(`the probe did not end well:\n${stdout}`);
    },
  };
}
