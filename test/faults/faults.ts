import type { LabHost } from '../lab/host.ts';
import type { LabProject } from '../lab/project.ts';
import { letGo, type Meets, type Point } from './trigger.ts';

/** Something that goes wrong in the middle of an apply. */
export interface Fault {
  readonly what: string;
  readonly point: Point;
  readonly meets: Meets;
  /** Whether the recovery that systemd starts is killed too, so that the next apply has to end it. */
  readonly killsRecovery?: boolean;
  /** Whether the site goes down with the host. */
  readonly takesTheSiteDown?: boolean;
  /** Whether it needs a host whose /etc, /srv and /var/lib/fairlead lie on a small disk. */
  readonly needsSmallDisk?: boolean;
  /** What is done from outside while the executor is held. */
  readonly strike?: (host: LabHost, project: LabProject) => Promise<void>;
  /** What makes the host whole again, once nothing works on it any more. */
  readonly mend?: (host: LabHost) => Promise<void>;
}

/** The processes that serve connections end, as they do when a network is cut and both ends have noticed. */
export const cutConnections = `for process in /proc/[0-9]*; do
  case $(tr '\\0' ' ' <$process/cmdline 2>/dev/null) in 'sshd: '*listener*) ;; 'sshd: '* | 'sshd-session: '*) kill -KILL "\${process##*/}" 2>/dev/null || true ;; esac
done`;

/** All faults that are tried at every step, by name. */
export const faults = {
  'kill-client': {
    what: 'the command line is killed',
    point: 'begin',
    meets: 'hold',
    strike: async (host, project) => {
      await project.killRunning();
      await letGo(host);
    },
  },
  'cut-network': {
    what: 'the connection breaks',
    point: 'begin',
    meets: 'hold',
    strike: async (host) => {
      await host.sh(cutConnections);
      await letGo(host);
    },
  },
  'kill-executor': { what: 'the executor is killed before it does a step', point: 'begin', meets: 'kill' },
  'kill-inside': { what: 'the executor is killed within a step', point: 'inside', meets: 'kill' },
  'kill-recovery': {
    what: 'the executor is killed, and then its recovery',
    point: 'begin',
    meets: 'kill',
    killsRecovery: true,
  },
  'power-cut': {
    what: 'the host loses power within a step, and boots',
    point: 'inside',
    meets: 'hold',
    takesTheSiteDown: true,
    strike: (host) => host.powerCut(),
  },
  'fill-disk': {
    what: 'the disk fills up',
    point: 'begin',
    meets: 'hold',
    needsSmallDisk: true,
    strike: async (host) => {
      await host.sh('head -c 4G /dev/zero >/small/filler 2>/dev/null || true');
      await letGo(host);
    },
    mend: async (host) => {
      await host.sh('rm -f /small/filler');
    },
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults) as FaultName[];

/** Puts what an apply writes on one small disk in memory. It ends with the host: a power cut would take it. */
export async function useSmallDisk(host: LabHost): Promise<void> {
  await host.sh(`mkdir -p /small /var/lib/fairlead && mount -t tmpfs -o size=1200m tmpfs /small
    for folder in etc srv var/lib/fairlead; do
      mkdir -p /small/$folder && cp -a /$folder/. /small/$folder/ && mount --bind /small/$folder /$folder
    done`);
}
