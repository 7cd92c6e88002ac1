import type { LabHost } from '../lab/host.ts';

/**
 * Where in a step a fault strikes: when the journal has just got its `begin`, or after its first write that reached the disk (a
 * step that writes nothing: 0.4 s after it began).
 */
export type Point = 'begin' | 'inside';

/** What the executor meets there: death, or a halt until `letGo` (or for ever, when its host dies in between). */
export type Meets = 'kill' | 'hold';

/**
 * Stands before coreutils' sync in the PATH of executors, which call it after each line of their journal and each write. So the
 * product needs no hook. `armed` says where to strike; with `recovery` the first recovery that calls it is killed too.
 */
const shim = `#!/bin/sh
/usr/bin/sync "$@"
code=$?
faults=/run/faults
unit=fairlead-$(cat project 2>/dev/null)-\${PWD##*/}
if [ -f $faults/recovery ] && tr '\\0' ' ' </proc/$PPID/cmdline | grep -q ' recover $'; then
	rm $faults/recovery
	systemctl kill --kill-whom=all --signal=KILL "$unit"
	sleep 60
fi
read -r point step meets 2>/dev/null <$faults/armed || exit $code
strike() {
	mv $faults/armed $faults/fired 2>/dev/null || return 0
	case $meets in
	kill) systemctl kill --kill-whom=main --signal=KILL "$unit" && sleep 60 ;;
	hold) until rm $faults/go; do sleep 0.05; done 2>/dev/null ;;
	esac
}
[ "$(tail -n 1 journal 2>/dev/null)" = "begin $step" ] || exit $code
case "$point:$*" in
"begin:-d journal") strike ;;
"inside:-d journal") { sleep 0.4; strike; } >/dev/null 2>&1 & ;;
inside:*undo*) ;;
inside:*) strike ;;
esac
exit $code
`;

/** Puts the shim on a host. */
export async function installTrigger(host: LabHost): Promise<void> {
  await host.exec(['sh', '-c', 'cat >/usr/local/bin/sync && chmod 755 /usr/local/bin/sync'], { input: shim });
}

/** Has the next transaction meet something in one of its steps (from 1); with `recovery`, its recovery is killed too. */
export async function arm(host: LabHost, step: number, point: Point, meets: Meets, recovery = false): Promise<void> {
  const script = `rm -rf /run/faults; mkdir /run/faults; cat >/run/faults/armed; ${recovery ? ': >/run/faults/recovery' : ''}`;
  await host.exec(['sh', '-c', script], { input: `${point} ${step} ${meets}\n` });
}

/** Waits until the armed point was reached; false after two minutes, or when `disarm` came first. */
export async function struck(host: LabHost): Promise<boolean> {
  const wait =
    'for i in $(seq 1200); do [ ! -f /run/faults/fired ] || exit 0; [ -f /run/faults/armed ] || exit 1; sleep 0.1; done; exit 1';
  return (await host.exec(['sh', '-c', wait])).exitCode === 0;
}

/** Lets an executor go on that was held. */
export async function letGo(host: LabHost): Promise<void> {
  await host.sh(': >/run/faults/go');
}

/** Lets an executor go on that was held, and has it meet the same in a later step. */
export async function letGoUntil(host: LabHost, step: number): Promise<void> {
  const script = 'rm -f /run/faults/fired; cat >/run/faults/armed; : >/run/faults/go';
  await host.exec(['sh', '-c', script], { input: `begin ${step} hold\n` });
}

/** Takes back what was armed and not reached. */
export async function disarm(host: LabHost): Promise<void> {
  await host.sh('rm -rf /run/faults');
}
