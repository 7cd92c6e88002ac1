/** executor.sh on a host that has workers and no web instances: a release with nothing to start, and workers that leave. */
import { mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { ExecutorGround } from '../support/executor.ts';
import { suite } from '../support/suite.ts';

const test = suite('releases on a host of workers');
const ground = new ExecutorGround();
const at = (path: string) => ground.at(path);

test.after(() => ground.remove());

// It refuses an empty list of units for these verbs, as the real one does.
const systemctl = 'case "$1" in start) [ $# -gt 2 ] ;; esac';

/** Runs steps and returns the log of the transaction and the calls of systemctl, whose answers may be given. */
function run(steps: readonly string[], answers = systemctl, before: () => void = () => undefined) {
  ground.clear();
  mkdirSync(at('srv/notes/releases/abc'));
  ground.program('systemctl', `echo "$*" >>${at('calls')}\n${answers}`);
  ground.program('curl', 'printf 200');
  before();
  return ground.run(steps);
}

/** What systemctl was asked to do. */
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]).filter((verb) => verb !== 'show');
const wants = 'etc/systemd/system/multi-user.target.wants';
/** The units that start at a boot. */
const atBoot = () => readdirSync(at(wants)).sort();
const switching = (instances: number) => [
  `release_ready|reversible|start it|notes|abc|${instances}|/readyz|5|1`,
  'release_switch|reversible|go live|notes',
];

test('a release without instances goes live, and systemctl is given no empty list', () => {
  const { log, calls } = run(switching(0));
  assert.match(log, /end converged\n$/);
  assert.is(readlinkSync(at('run/notes/live')), 'blue');
  assert.is(readlinkSync(at('srv/notes/slots/blue')), '../releases/abc');
  assert.is(readlinkSync(at('run/notes/release')), at('srv/notes/slots/blue'));
  assert.equal(verbs(calls), ['stop']);
  assert.equal(atBoot(), []);
});

test('the control: instances are started, and start at a boot, without reading all units anew', () => {
  const { log, calls } = run(switching(2));
  assert.match(log, /end converged\n$/);
  assert.equal(verbs(calls), ['stop', 'reset-failed', 'start']);
  assert.equal(atBoot(), ['notes-blue@1.service', 'notes-blue@2.service']);
  assert.is(readlinkSync(at(`${wants}/notes-blue@2.service`)), at('etc/systemd/system/notes-blue@.service'));
  assert.ok(calls.includes('start --no-block notes-blue@1.service notes-blue@2.service'), calls.join('\n'));
});

test('the slot that serves is not stopped when the way back cannot make the other one live', () => {
  const steps = [...switching(1), 'daemon_reload|reversible|read units|', 'validate|reversible|check it|nothing'];
  const blueIsLive = () => {
    symlinkSync('blue', at('run/notes/live'));
    symlinkSync('../releases/old', at('srv/notes/slots/blue'));
  };
  // Once units were read for the way back, nothing can be written where the live slot is declared.
  const inTheWay = at('etc/tmpfiles.d/.notes-live.new');
  const back = (more: string) => {
    const answers = `case "$1" in is-system-running) echo running ;; daemon-reload) ${more} ;; esac`;
    const { log, calls } = run(steps, answers, blueIsLive);
    return {
      end: log.trim().split('\n').at(-1),
      stops: calls.filter((call) => call === 'stop notes-green@*.service').length,
    };
  };
  const blocked = `[ "$(grep -c daemon-reload ${at('calls')})" -lt 1 ] || mkdir -p ${inTheWay}`;
  assert.equal(back(blocked), { end: 'end partial 2 1', stops: 1 });
  assert.is(readlinkSync(at('run/notes/live')), 'green');
  assert.equal(back('exit 0'), { end: 'end rolled-back', stops: 2 }, 'the control');
  assert.is(readlinkSync(at('run/notes/live')), 'blue');
});

const leaving = 'unit_leave|irreversible|let it go|notes-worker-mail@1.service';
/** Answers of systemctl about a unit whose file is gone: how disabling it ends, and its state. */
const gone = (disable: number, state: string) =>
  `case "$*" in is-system-running) echo running ;; *ActiveState*) ${state} ;; show*) echo ;; disable*) exit ${disable} ;; esac`;

test('a worker whose unit file went before it is ended', () => {
  const { log, calls } = run([leaving], gone(0, 'echo ActiveState=inactive'));
  assert.match(log, /end converged\n$/);
  assert.ok(calls.includes('disable --quiet --now notes-worker-mail@1.service'), calls.join('\n'));
});

test('one that is not there at all is no fault, and one that goes on is', () => {
  assert.match(run([leaving], gone(1, 'echo ActiveState=inactive')).log, /end converged\n$/);
  assert.match(run([leaving], gone(1, 'echo ActiveState=active')).log, /failed 1\n/, 'the control');
  assert.match(run([leaving], gone(1, 'exit 1')).log, /failed 1\n/, 'systemd does not answer');
});

test.run();
