/** executor.sh on a host that has workers and no web instances: a release with nothing to start, and workers that leave. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { hostScript } from '../../src/project/assets.ts';
import { suite } from '../support/suite.ts';

const test = suite('releases on a host of workers');
const root = mkdtempSync(join(tmpdir(), 'fairlead-workers-'));
const at = (...parts: string[]) => join(root, ...parts);

test.after(() => rmSync(root, { recursive: true, force: true }));

/** The executor on folders of its own, with programs that write down how they are called. */
function executor(): string {
  const places = ['/var/lib/fairlead', '/srv/', '/run/', '/etc/tmpfiles.d'];
  const moved = places.reduce((text, place) => text.replaceAll(place, at(place.slice(1))), hostScript('executor'));
  return moved.replace(/^PATH=/m, `PATH=${at('bin')}:`);
}

function program(name: string, body: string) {
  mkdirSync(at('bin'), { recursive: true });
  writeFileSync(at('bin', name), `#!/bin/sh\n${body}\n`);
  chmodSync(at('bin', name), 0o755);
}

// It refuses an empty list of units for these verbs, as the real one does.
const systemctl = 'case "$1" in start) [ $# -gt 1 ] ;; enable) [ $# -gt 2 ] ;; esac';

/** Runs one step and returns the log of the transaction and the calls of systemctl, whose answers may be given. */
function run(
  step: string,
  answers = systemctl,
  before: () => void = () => undefined,
): { log: string; calls: string[] } {
  for (const place of ['var/lib/fairlead', 'srv', 'run', 'etc']) rmSync(at(place), { recursive: true, force: true });
  rmSync(at('calls'), { force: true });
  const folder = at('var/lib/fairlead/notes/transactions/1');
  const folders = ['srv/notes/slots', 'srv/notes/releases/abc', 'run/notes', 'etc/tmpfiles.d'];
  for (const one of [...folders.map((name) => at(name)), join(folder, 'record'), join(folder, 'uploads')])
    mkdirSync(one, { recursive: true });
  const files = {
    project: 'notes\n',
    id: 'x\n',
    serial: '0\n',
    holder: 'me\n',
    wanted: '',
    steps: `1|${step}\n`,
    expectations: '',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  program('systemctl', `echo "$*" >>${at('calls')}\n${answers}`);
  program('curl', 'exit 0');
  before();
  execaSync('sh', ['-c', executor(), 'sh', folder], { reject: false });
  const calls = existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trim().split('\n') : [];
  return { log: readFileSync(join(folder, 'log'), 'utf8'), calls };
}

const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);
const switching = (instances: number) => `release_switch|reversible|go live|notes|abc|${instances}|/readyz|5`;

test('a release without instances goes live, and systemctl is given no empty list', () => {
  const { log, calls } = run(switching(0));
  assert.match(log, /end converged\n$/);
  assert.is(readlinkSync(at('run/notes/live')), 'blue');
  assert.is(readlinkSync(at('srv/notes/slots/blue')), '../releases/abc');
  assert.is(readlinkSync(at('run/notes/release')), at('srv/notes/slots/blue'));
  assert.equal(verbs(calls), ['stop', 'daemon-reload']);
});

test('the control: instances are started and enabled', () => {
  const { log, calls } = run(switching(2));
  assert.match(log, /end converged\n$/);
  assert.equal(verbs(calls), ['stop', 'daemon-reload', 'reset-failed', 'start', 'enable']);
  assert.ok(calls.includes('start notes-blue@1.service notes-blue@2.service'), calls.join('\n'));
});

test('the slot that serves is not stopped when the way back cannot make the other one live', () => {
  const steps = `${switching(1)}\n2|daemon_reload|reversible|read units|\n3|validate|reversible|check it|nothing`;
  const blueIsLive = () => {
    symlinkSync('blue', at('run/notes/live'));
    symlinkSync('../releases/old', at('srv/notes/slots/blue'));
  };
  // From the second time on that units are read, nothing can be written where the live slot is declared.
  const inTheWay = at('etc/tmpfiles.d/.notes-live.new');
  const back = (more: string) => {
    const answers = `case "$1" in is-system-running) echo running ;; daemon-reload) ${more} ;; esac`;
    const { log, calls } = run(steps, answers, blueIsLive);
    return {
      end: log.trim().split('\n').at(-1),
      stops: calls.filter((call) => call === 'stop notes-green@*.service').length,
    };
  };
  const blocked = `[ "$(grep -c daemon-reload ${at('calls')})" -lt 2 ] || mkdir -p ${inTheWay}`;
  assert.equal(back(blocked), { end: 'end partial 1', stops: 1 });
  assert.is(readlinkSync(at('run/notes/live')), 'green');
  assert.equal(back('exit 0'), { end: 'end rolled-back', stops: 2 }, 'the control');
  assert.is(readlinkSync(at('run/notes/live')), 'blue');
});

const leaving = 'unit_leave|irreversible|let it go|notes-worker-mail@1.service';
/** Answers of systemctl about a unit whose file is gone: how disabling it ends, and its state. */
const gone = (disable: number, state: string) =>
  `case "$*" in is-system-running) echo running ;; *ActiveState*) ${state} ;; show*) echo ;; disable*) exit ${disable} ;; esac`;

test('a worker whose unit file went before it is ended', () => {
  const { log, calls } = run(leaving, gone(0, 'echo ActiveState=inactive'));
  assert.match(log, /end converged\n$/);
  assert.ok(calls.includes('disable --quiet --now notes-worker-mail@1.service'), calls.join('\n'));
});

test('one that is not there at all is no fault, and one that goes on is', () => {
  assert.match(run(leaving, gone(1, 'echo ActiveState=inactive')).log, /end converged\n$/);
  assert.match(run(leaving, gone(1, 'echo ActiveState=active')).log, /failed 1\n/, 'the control');
  assert.match(run(leaving, gone(1, 'exit 1')).log, /failed 1\n/, 'systemd does not answer');
});

test.run();
