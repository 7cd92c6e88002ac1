import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { layout, slots } from '../../../src/resources/layout.ts';
import type { LabHost } from '../../lab/host.ts';
import { ensureCommand } from '../../support/packages.ts';
import { sshOptions } from '../floor.ts';
import type { Program } from '../measure.ts';
import type { Setting } from '../project.ts';
import { playbookFor } from './playbook.ts';

/** Installs Ansible here and Python on the host where they are missing, and returns the check of the whole host. */
export async function ansibleCheck(setting: Setting): Promise<Program> {
  await ensureCommand('ansible-playbook', ['ansible-core']);
  await giveHostPython(setting.host);
  const folder = join(setting.folder, 'ansible');
  mkdirSync(folder);
  const live = await liveSlot(setting);
  const files = {
    'ansible.cfg': configuration(setting, folder),
    inventory: inventory(setting.host),
    'playbook.yaml': stringify(playbookFor(setting.manifest, setting.rootfs, live)),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return {
    name: 'ansible-playbook --check --diff',
    command: ['ansible-playbook', '--inventory', 'inventory', '--check', '--diff', 'playbook.yaml'],
    cwd: folder,
    env: { ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), ANSIBLE_NOCOLOR: '1', LC_ALL: 'C.UTF-8' },
    accept: refuseChanges,
  };
}

/** A playbook that would change something does not describe the same state. */
function refuseChanges(stdout: string): void {
  if (!/\bok=\d+ +changed=0 +unreachable=0 +failed=0 /.test(stdout))
    throw new Error(`the playbook is not equivalent to the manifest:\n${stdout}`);
}

async function giveHostPython(host: LabHost): Promise<void> {
  const { exitCode } = await host.exec(['sh', '-c', 'command -v python3 && python3 -c "import apt"']);
  if (exitCode === 0) return;
  const install = 'apt-get -q install --yes --no-install-recommends python3 python3-apt';
  await host.sh(`export DEBIAN_FRONTEND=noninteractive; apt-get -q update >/dev/null; ${install} >/dev/null`);
}

async function liveSlot({ host, manifest }: Setting) {
  const target = (await host.sh(`readlink ${layout(manifest.project).live}`)).trim();
  const live = slots.find((slot) => slot === target);
  if (!live) throw new Error(`no slot of ${manifest.project} is live (the link names ${target})`);
  return live;
}

/** Pipelining spares a copy per task; compression and connections that are kept between tasks are Ansible's default. */
function configuration({ host, knownHosts }: Setting, folder: string): string {
  return `[defaults]
home = ${folder}/home
host_key_checking = True
interpreter_python = /usr/bin/python3
[ssh_connection]
pipelining = True
control_path_dir = ${folder}/connections
ssh_args = -C -o ControlMaster=auto -o ControlPersist=60s ${sshOptions(host, knownHosts).join(' ')}
`;
}

const inventory = (host: LabHost) =>
  `${host.name} ansible_host=${host.address} ansible_port=${host.sshPort} ansible_user=root\n`;
