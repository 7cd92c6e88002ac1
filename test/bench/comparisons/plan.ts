import { ansibleCheck } from '../ansible/ansible.ts';
import { floor } from '../floor.ts';
import { measure } from '../measure.ts';
import { planOf, type Setting } from '../project.ts';
import { atMost, fasterThan, memoryRow, missing, type Row, row } from '../rows.ts';
import { say } from '../say.ts';

/** A plan with nothing to do beside OpenSSH that reads the same facts. */
export async function besideSsh(setting: Setting): Promise<Row[]> {
  const ssh = await floor(setting);
  say(`measuring plan and ${ssh.name}`);
  const [plans = [], floors = []] = await measure([planOf(setting.folder), ssh], { warmUp: 2, counted: 15 });
  return [
    row(ssh.name, floors),
    row('plan, nothing to do', plans, atMost(1.3, plans, floors)),
    memoryRow('plan, peak memory', plans, 150),
  ];
}

/** The same plan beside Ansible's check mode.*/
export async function besideAnsible(setting: Setting): Promise<Row[]> {
  const what = 'ansible-playbook --check --diff';
  say(`preparing ${what}: Ansible on this machine, Python on the host`);
  try {
    const ansible = await ansibleCheck(setting);
    say(`measuring plan and ${what}`);
    const [checks = [], plans = []] = await measure([ansible, planOf(setting.folder)], { warmUp: 1, counted: 3 });
    if (checks.length === 0) return [missing(what, 'no time was left')];
    return [row(what, checks), row('plan, in turn with it', plans, fasterThan(50, plans, checks))];
  } catch (error) {
    say(`${what} could not be measured: ${(error as Error).message}`);
    return [missing(what, (error as Error).message.split('\n')[0] ?? '')];
  }
}
