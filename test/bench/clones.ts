/** Hosts that are copies of one, as virtual machines made of one snapshot are. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { clientKey } from '../lab/client-key.ts';
import { startContainer } from '../lab/container.ts';
import { LabHost } from '../lab/host.ts';

/** Hosts made of a snapshot; `remove` ends them and takes the snapshot away. */
export interface Clones {
  readonly hosts: readonly LabHost[];
  remove(): Promise<void>;
}

/** Takes a snapshot of a host as it is and starts more of it, each with a disk, services and a record of its own. */
export async function clonesOf(host: LabHost, count: number): Promise<Clones> {
  const image = `fairlead-lab/bench-${randomBytes(4).toString('hex')}`;
  await execa('docker', ['commit', host.containerId, image]);
  const removeImage = () => void spawnSync('docker', ['image', 'rm', '--force', image], { stdio: 'ignore' });
  process.once('exit', removeImage);
  const hosts: LabHost[] = [];
  const remove = async () => {
    await Promise.all(hosts.map((one) => one.stop()));
    process.off('exit', removeImage);
    removeImage();
  };
  try {
    for (let number = 1; number <= count; number++) hosts.push(await started(image, `bench-${number}`, host));
    await Promise.all(hosts.map((one) => one.waitUntilUp()));
    return { hosts, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function started(image: string, name: string, { release }: LabHost): Promise<LabHost> {
  const { identityFile, publicKey } = await clientKey();
  const container = await startContainer(image, name, publicKey);
  return new LabHost(name, release, container.name, identityFile, container.ports);
}
