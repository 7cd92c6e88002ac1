import type { LabHost } from '../lab/host.ts';
import type { LabProject } from '../lab/project.ts';

/** What is applied while something goes wrong. */
export interface Scenario {
  readonly what: string;
  /** Whether the host begins bare, and each apply is the first. */
  readonly fromBare: boolean;
  /** Writes what the next apply is to bring; `round` differs each time. */
  readonly advance: (project: LabProject, round: number) => void;
}

/** Environment (so a new release each time), units, and site. */
function change(project: LabProject, round: number): void {
  const odd = round % 2;
  project.reset();
  project.edit('    LOG_LEVEL: info', `    LOG_LEVEL: info\n    ROUND: '${round}'`);
  project.edit('memory: 512M', `memory: ${513 + odd}M`);
  project.edit('bodyLimit: 20m', `bodyLimit: ${21 + odd}m`);
}

/** The packet filter alone, whose change has to be confirmed by a new connection within a minute. */
function reach(project: LabProject, round: number): void {
  project.reset();
  project.edit('sshRate: 10000', `sshRate: ${10_000 - 1 - (round % 2)}`);
}

export const scenarios = {
  change: { what: 'an edit of environment, units and site', fromBare: false, advance: change },
  reach: { what: 'an edit of the firewall', fromBare: false, advance: reach },
  bare: { what: 'the first apply', fromBare: true, advance: (project) => project.reset() },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

export const scenarioNames = Object.keys(scenarios) as ScenarioName[];

/**
 * Installs what the first apply would, so that all of its steps but that one can be tried again and again; packages stay when an
 * apply is put back.
 */
export async function installPackages(host: LabHost): Promise<void> {
  await host.sh(`apt-get -q update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install systemd-timesyncd unattended-upgrades nftables logrotate >/dev/null 2>&1`);
}
