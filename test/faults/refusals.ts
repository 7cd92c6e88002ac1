import type { LabProject } from '../lab/project.ts';
import { converge, type Ground, type Verdict } from './cell.ts';
import { Sampler } from './sampler.ts';
import { difference, leftoversOn, stateOf } from './state.ts';

/** A change that a program refuses, or that does not pass a check. */
interface Refusal {
  readonly edit: (project: LabProject) => void;
  /** A foreign file with a mistake, when it is not the edit that is wrong. */
  readonly foreign?: { readonly path: string; readonly text: string };
  /** What the output must say. */
  readonly says: RegExp;
  /** 1 when nothing was written yet, 3 when it is put back. */
  readonly exitCode: 1 | 3;
}

const top = (project: LabProject, lines: string) => project.edit(/^name: notes$/m, `name: notes\n\n${lines}`);
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G';

/** Every validator and every check of health, by what fails. */
const refusals: Readonly<Record<string, Refusal>> = {
  'nginx -t': {
    edit: (project) => project.edit('bodyLimit: 20m', 'bodyLimit: 22m'),
    foreign: { path: '/etc/nginx/conf.d/foreign.conf', text: 'no_such_directive on;\n' },
    says: /no_such_directive/,
    exitCode: 1,
  },
  'sshd -t': {
    edit: (project) => top(project, 'host: { ssh: { forwarding: true } }\n'),
    foreign: { path: '/etc/ssh/sshd_config.d/zz-foreign.conf', text: 'NoSuchKeyword yes\n' },
    says: /NoSuchKeyword/i,
    exitCode: 1,
  },
  'visudo -c': {
    edit: (project) => top(project, `host: { admins: { ada: [${key}] } }\n`),
    foreign: { path: '/etc/sudoers.d/zz-foreign', text: 'no such rule\n' },
    says: /zz-foreign/,
    // Folders are made before anything is judged.
    exitCode: 3,
  },
  'nft -c': {
    edit: (project) => top(project, 'patches: { firewall: ["tcp dport no-such-service accept"] }\n'),
    says: /no-such-service/,
    exitCode: 1,
  },
  'systemd-analyze verify': {
    edit: (project) => top(project, 'patches: { systemd: { web: ["NoSuchKey=1"] } }\n'),
    says: /NoSuchKey/,
    exitCode: 1,
  },
  'the migration': {
    edit: (project) =>
      project.edit(/migrations: .*/, 'migrations: node -e \'console.error("no such column"); process.exit(1)\''),
    says: /no such column/,
    exitCode: 3,
  },
  'readiness of the release': {
    edit: (project) => {
      project.edit(
        'start: node --max-semi-space-size=1 dist/server.js',
        'start: node -e \'setInterval(() => console.log("deaf"), 500)\'',
      );
      project.edit('timeout: 60s', 'timeout: 3s');
    },
    says: /was not ready within 3 s/,
    exitCode: 3,
  },
  'the answer of the site': {
    edit: (project) => top(project, 'patches: { nginx: { server: ["if ($uri = /readyz) { return 500; }"] } }\n'),
    says: /500/,
    exitCode: 3,
  },
};

export const refusalNames = Object.keys(refusals);

/** Applies a change that must not stay, and holds the host after it against what it was before. */
export async function tryRefusal(ground: Ground, name: string): Promise<Verdict> {
  const refusal = refusals[name];
  if (!refusal) throw new Error(`there is no refusal ${name}; choose from ${refusalNames.join(', ')}`);
  const { host, project } = ground;
  const started = performance.now();
  const { foreign } = refusal;
  if (foreign) await host.exec(['sh', '-c', `umask 337; cat >${foreign.path}`], { input: foreign.text });
  const before = await stateOf(host);
  const sampler = new Sampler(host.httpPort);
  project.reset();
  refusal.edit(project);
  const run = await project.run('apply');
  const problems = difference(before, await stateOf(host)).map((line) => `not put back: ${line}`);
  if (run.exitCode !== refusal.exitCode || !refusal.says.test(run.text))
    problems.push(`the apply ended with ${run.exitCode}: ${run.text.slice(-1500)}`);
  problems.push(...(await leftoversOn(host)).map((line) => `left: ${line}`));
  if (foreign) await host.sh(`rm ${foreign.path}`);
  project.reset();
  problems.push(...(await converge(ground)));
  await sampler.stop();
  if (sampler.misses.length > 0)
    problems.push(`${sampler.misses.length} of ${sampler.asked} requests failed: ${sampler.misses[0]?.said}`);
  const end = refusal.exitCode === 1 ? 'refused, nothing changed' : 'rolled back';
  return { end, problems, seconds: (performance.now() - started) / 1000, asked: sampler.asked };
}
