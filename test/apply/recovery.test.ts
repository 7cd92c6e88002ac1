/** An executor that is killed at any line of its journal, and again while it recovers: the host is as before, or as wanted. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import * as assert from 'uvu/assert';
import { readRecord } from '../../src/plan/record.ts';
import { hostScript } from '../../src/project/assets.ts';
import { suite } from '../support/suite.ts';

const test = suite('recovery');
const root = mkdtempSync(join(tmpdir(), 'fairlead-recovery-'));
const at = (...parts: string[]) => join(root, ...parts);
const me = userInfo().username;
const group = execaSync('id', ['-gn']).stdout;
const folder = at('lib/notes/transactions/one');
const line = (id: string) => `${JSON.stringify({ id, origin: 'created', attributes: {} })}\n`;
const gone = (id: string) => `${JSON.stringify({ id, gone: true })}\n`;

test.after(() => rmSync(root, { recursive: true, force: true }));

/** Ends the executor when the journal has just got this many lines, as a power cut or `kill -9` would. */
const dyingSync = `#!/bin/sh
/usr/bin/sync "$@"
status=$?
if [ "$*" = "-d journal" ] && [ "$(wc -l <journal)" -eq "$(cat ${at('die-at')} 2>/dev/null || echo 0)" ]; then
	kill -KILL "$PPID"
fi
exit "$status"
`;

const executor = hostScript('executor')
  .replaceAll('/var/lib/fairlead', at('lib'))
  .replaceAll('/usr/sbin/policy-rc.d', at('policy-rc.d'))
  .replaceAll('/etc/localtime', at('etc/localtime'))
  .replaceAll('/etc/systemd/system/$own_unit', `${at('etc')}/$own_unit`)
  .replaceAll('/run/systemd/system/$own_unit', `${at('run')}/$own_unit`)
  .replace(/^PATH=/m, `PATH=${at('bin')}:`);

const steps = (last: string) =>
  [
    `file|reversible|write a|${at('etc/a')}|644|${me}|${group}|new-a`,
    `path_remove|reversible|remove b|${at('etc/b')}`,
    `symlink|reversible|link c|${at('etc/c')}|a`,
    `directory|reversible|make d|${at('etc/d')}|750|${me}|${group}`,
    `file|reversible|write d/e|${at('etc/d/e')}|600|${me}|${group}|new-e`,
    last,
  ].map((step, index) => `${index + 1}|${step}\n`);

/** What a finished transaction has at its end, and one that fails there. */
const good = 'note|reversible|note it|x';
const bad = 'validate|reversible|check it|nothing';

/** A host with two files, and a transaction that is about to begin. */
function prepare(last: string): void {
  for (const name of ['etc', 'lib', 'bin', 'die-at']) rmSync(at(name), { recursive: true, force: true });
  for (const name of ['etc', 'bin']) mkdirSync(at(name), { recursive: true });
  for (const name of ['record', 'uploads']) mkdirSync(join(folder, name), { recursive: true });
  const systemctl = '#!/bin/sh\ncase "$1" in is-system-running) echo running ;; is-active) exit 3 ;; esac\n';
  for (const [name, text] of Object.entries({ sync: dyingSync, systemctl })) {
    writeFileSync(at('bin', name), text);
    chmodSync(at('bin', name), 0o755);
  }
  writeFileSync(at('etc/a'), 'old a\n');
  writeFileSync(at('etc/b'), 'old b\n');
  const files = {
    project: 'notes\n',
    id: 'one\n',
    serial: '0\n',
    holder: 'me\n',
    wanted: '',
    audit: '"who":"me"',
    steps: steps(last).join(''),
    expectations: '',
    'uploads/new-a': 'new a\n',
    'uploads/new-e': 'new e\n',
    'record/1.before': line('file:a'),
    'record/1.undo': gone('file:a'),
    'record/5.after': line('file:e'),
    'record/5.undo': gone('file:e'),
    'executor.sh': executor,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

const run = (mode: 'run' | 'recover', dieAt = 0) => {
  writeFileSync(at('die-at'), `${dieAt}\n`);
  execaSync('sh', [join(folder, 'executor.sh'), folder, mode], { reject: false });
};
const state = () =>
  execaSync('sh', ['-c', 'find . -mindepth 1 -printf "%p %y %m %l\\n" | sort; cat a b d/e 2>/dev/null || true'], {
    cwd: at('etc'),
  }).stdout;
const journal = () => readFileSync(join(folder, 'journal'), 'utf8').trimEnd().split('\n');
const recorded = () => [...readRecord(readFileSync(at('lib/notes/record.jsonl'), 'utf8'), 1, 'web-1').resources.keys()];

function stateAfter(last: string): { before: string; after: string; lines: number } {
  prepare(last);
  const before = state();
  run('run');
  return { before, after: state(), lines: journal().length };
}

/** Nothing of the transaction may stand in the way of the next one. */
function assertOver(): void {
  assert.match(journal().at(-1)!, /^end /);
  assert.not.ok(existsSync(at('lib/notes/unfinished')));
  assert.not.ok(existsSync(join(folder, 'uploads')), 'what was brought is gone');
  const left = readdirSync(at('etc'), { recursive: true }).filter((name) => /fairlead/.test(String(name)));
  assert.equal(left, [], 'no half-written file');
  const audit = readFileSync(at('lib/notes/audit.jsonl'), 'utf8').trimEnd().split('\n');
  assert.is(audit.length, 1, 'one line a transaction');
}

test('a transaction that nobody cuts off changes what it should', () => {
  const { before, after, lines } = stateAfter(good);
  assert.is.not(before, after);
  assert.match(after, 'new a\nnew e');
  assert.is(lines, 2 + 2 * 6);
  assertOver();
  assert.equal(recorded(), ['file:a', 'file:e']);
});

test('one that fails goes back', () => {
  const { before, after } = stateAfter(bad);
  assert.is(before, after);
  assertOver();
  assert.equal(recorded(), []);
});

for (const [name, last] of [
  ['that would succeed', good],
  ['that fails', bad],
] as const) {
  test(`one ${name} and is killed at any line of its journal is put back by its recovery`, () => {
    const { before, after, lines } = stateAfter(last);
    for (let dieAt = 1; dieAt <= lines; dieAt += 1) {
      prepare(last);
      run('run', dieAt);
      run('recover');
      const ended = journal().at(-1)!;
      const wanted = ended === 'end converged' ? after : before;
      assert.is(state(), wanted, `killed at line ${dieAt}: ${ended}`);
      assert.equal(recorded().length > 0, ended === 'end converged', `killed at line ${dieAt}`);
      assertOver();
    }
  });
}

test('a recovery that is killed at any line is finished by the next one', () => {
  const { before, lines } = stateAfter(good);
  for (const dieAt of [6, lines - 1]) {
    prepare(good);
    run('run', dieAt);
    const reached = journal().length;
    for (let again = reached + 1; again <= reached + 2 * dieAt; again += 2) {
      prepare(good);
      run('run', dieAt);
      run('recover', again);
      run('recover');
      if (journal().at(-1) !== 'end converged') assert.is(state(), before, `killed at ${dieAt}, then at ${again}`);
      assertOver();
    }
  }
});

test('a folder that it made goes with the empty files that programs made in it, and stays when they have content', () => {
  const { before } = stateAfter(good);
  for (const [content, end] of [
    ['', 'end rolled-back'],
    ['a request\n', 'end partial 4'],
  ] as const) {
    prepare(good);
    run('run', 10);
    assert.is(journal().at(-1), 'begin 5');
    writeFileSync(at('etc/d/access.log'), content);
    run('recover');
    assert.is(journal().at(-1), end);
    assert.is(state() === before, content === '');
    assert.is(existsSync(at('etc/d/access.log')), content !== '');
  }
});

test('a line of the record or the journal that a full disk cut off is not appended to', () => {
  const { before } = stateAfter(good);
  for (const [name, half] of [
    ['record', `case "$1" in record/5.after) head -c 9 "$1"; exit 1 ;; esac\nexec /usr/bin/cat "$@"`],
    ['control', 'exec /usr/bin/cat "$@"'],
  ] as const) {
    prepare(good);
    writeFileSync(at('bin/cat'), `#!/bin/sh\n${half}\n`, { mode: 0o755 });
    run('run');
    assert.is(journal().at(-1), name === 'record' ? 'end rolled-back' : 'end converged');
    assert.is(state() === before, name === 'record');
    assert.equal(recorded(), name === 'record' ? [] : ['file:a', 'file:e']);
  }
});

test('lines that a power cut left unfinished, or as zeros, are gone when the recovery writes its own', () => {
  const { before } = stateAfter(good);
  for (const rest of ['', '\0\0\0\0\0\0\0\0']) {
    prepare(good);
    run('run', 10);
    for (const [path, text] of [
      [join(folder, 'journal'), 'don'],
      [at('lib/notes/record.jsonl'), '{"id":"fi'],
      [at('lib/notes/audit.jsonl'), '{"previous":"e3b0","transaction":"one",'],
    ] as const)
      appendFileSync(path, text + rest);
    run('recover');
    assert.is(state(), before);
    assert.ok(journal().includes('undo 5'));
    assert.equal(recorded(), []);
    const audit = readFileSync(at('lib/notes/audit.jsonl'), 'utf8').trimEnd().split('\n');
    assert.equal(
      audit.map((entry) => JSON.parse(entry).outcome),
      ['rolled-back'],
    );
  }
});

test('without a recovery the host would stay half-way: the control', () => {
  const { before, after } = stateAfter(good);
  prepare(good);
  run('run', 7);
  assert.is.not(state(), before);
  assert.is.not(state(), after);
  assert.ok(existsSync(at('lib/notes/unfinished')));
});

/** A systemctl that notes how it was called, and what it says of a unit's state. */
function notingSystemctl(show: string, after = 'is-active*-migrate.service) exit 3'): void {
  const answers = `show*) ${show} ;; is-system-running) echo running ;; ${after} ;;`;
  writeFileSync(at('bin/systemctl'), `#!/bin/sh\necho "$*" >>${at('calls')}\ncase "$*" in ${answers} esac\n`);
  rmSync(at('calls'), { force: true });
}
const calls = () => readFileSync(at('calls'), 'utf8');
const activation = 'unit_activate|reversible|reload x|x.service|reload';

test('a unit that a boot has started with half-written inputs takes up its old ones, and without a boot it is left alone', () => {
  const takesUp = (booted: boolean) => {
    prepare(activation);
    notingSystemctl('echo ActiveState=active');
    run('run', 3);
    if (booted) writeFileSync(join(folder, 'boot'), 'another boot\n');
    rmSync(at('calls'), { force: true });
    run('recover');
    assert.is(journal().at(-1), 'end rolled-back');
    return calls().includes('\nreload-or-restart x.service');
  };
  assert.ok(takesUp(true));
  assert.not.ok(takesUp(false), 'the control');
});

test('a unit is stopped on the way back when it did not run, and not because systemd did not answer', () => {
  const stops = (show: string) => {
    prepare(activation);
    notingSystemctl(show, '"is-active x.service") exit 3');
    run('run');
    assert.match(journal().at(-1)!, /^end (rolled-back|partial)/);
    return calls().includes('stop x.service');
  };
  // A host that goes down takes systemd first, and the executor has some milliseconds more.
  assert.not.ok(stops('exit 1'));
  assert.not.ok(stops('echo ActiveState=reloading'));
  assert.ok(stops('echo ActiveState=inactive'), 'the control');
});

test('a unit that a hand has masked is let go, and masked again on the way back', () => {
  prepare(activation);
  notingSystemctl('echo ActiveState=inactive; echo UnitFileState=masked', '"is-active x.service") exit 3');
  run('run');
  assert.is(journal().at(-1), 'end rolled-back');
  const order = ['unmask --quiet x.service', 'enable --quiet x.service', 'stop x.service', '\nmask --quiet x.service'];
  const at = order.map((call) => calls().indexOf(call));
  assert.equal(
    at,
    [...at].sort((one, other) => one - other),
  );
  assert.not.ok(at.includes(-1), calls());
});

test('a unit that failed to take up its new state is started with its old one', () => {
  const ends = (restart: string) => {
    prepare('unit_activate|reversible|restart x|x.service|restart');
    notingSystemctl('echo ActiveState=active', `"restart x.service") ${restart}`);
    run('run');
    assert.match(calls(), 'restart x.service\nis-system-running\n');
    assert.match(calls(), 'reset-failed x.service\nrestart x.service\n');
    return journal().at(-1);
  };
  assert.is(ends(`[ -f ${at('etc/a')} ] && [ "$(cat ${at('etc/a')})" = 'old a' ]`), 'end rolled-back');
  assert.is(ends('exit 1'), 'end partial 6', 'the control');
});

/** A unit that does not start, and what it says. */
function failingUnit(): void {
  notingSystemctl('echo ActiveState=inactive', '"start x.service"|is-active*) exit 1');
  writeFileSync(at('bin/journalctl'), "#!/bin/sh\necho 'Starting x.service...'\necho 'nobody answers'\n");
  chmodSync(at('bin/journalctl'), 0o755);
}
const attempt = 'unit_attempt|reversible|start x|x.service|start';

test('an attempt that fails keeps nothing back, and is told with what the unit said', () => {
  const { before, after } = stateAfter(good);
  const ends = (last: string) => {
    prepare(last);
    writeFileSync(join(folder, 'record/6.after'), line('unit:x'));
    failingUnit();
    run('run');
    assertOver();
    return { end: journal().at(-1), state: state(), log: readFileSync(join(folder, 'log'), 'utf8') };
  };
  const tried = ends(attempt);
  assert.is(tried.end, 'end incomplete 6');
  assert.is(tried.state, after);
  assert.match(tried.log, 'postponed 6\nout 6 nobody answers\nend incomplete 6\n');
  assert.equal(recorded(), ['file:a', 'file:e', 'unit:x'], 'it begins with what is there now');
  const needed = ends(attempt.replace('attempt', 'activate'));
  assert.is(needed.end, 'end rolled-back', 'the control');
  assert.is(needed.state, before);
});

test('one that is cut off during an attempt goes on with it, and before that goes back', () => {
  const { before, after } = stateAfter(good);
  for (let dieAt = 1; dieAt <= 2 + 2 * 6; dieAt += 1) {
    prepare(attempt);
    failingUnit();
    run('run', dieAt);
    run('recover');
    const begun = dieAt > 2 * 5;
    assert.is(state(), begun ? after : before, `killed at line ${dieAt}`);
    assert.match(journal().at(-1)!, begun ? /^end (incomplete 6|converged)$/ : /^end (rolled-back|failed)/);
    assertOver();
  }
});

test('an executor that outlives systemd leaves the way back to the recovery after the boot', () => {
  const { before } = stateAfter(good);
  prepare(bad);
  writeFileSync(at('bin/systemctl'), '#!/bin/sh\nexit 1\n');
  run('run');
  assert.is(journal().at(-1), 'failed 6');
  assert.ok(existsSync(at('lib/notes/unfinished')));
  run('recover');
  assert.is(journal().at(-1), 'failed 6', 'nor is it ended while systemd is silent');
  notingSystemctl('exit 1');
  run('recover');
  assert.is(journal().at(-1), 'end rolled-back');
  assert.is(state(), before);
});

test('an end that the disk does not take is no end: the mark of the unfinished stays until a recovery writes it', () => {
  const { before } = stateAfter(good);
  prepare(bad);
  const full = `case "$*" in '-d journal') tail -n 1 journal | grep -q '^end ' && { head -n -1 journal >j && cat j >journal; exit 1; } ;; esac`;
  writeFileSync(at('bin/sync'), `#!/bin/sh\n${full}\nexec /usr/bin/sync "$@"\n`, { mode: 0o755 });
  run('run');
  assert.is(journal().at(-1), 'undone 1');
  assert.ok(existsSync(at('lib/notes/unfinished')));
  rmSync(at('bin/sync'));
  run('recover');
  assert.is(state(), before);
  assertOver();
});

test('one that was killed before its journal began has changed nothing, and says so', () => {
  prepare(good);
  const before = state();
  run('recover');
  assert.match(journal().at(-1)!, 'end failed it was cut off before its first step');
  assert.is(state(), before);
});

test('a folder that was removed is back before its files', () => {
  prepare(bad);
  mkdirSync(at('etc/f'), { mode: 0o750 });
  writeFileSync(at('etc/f/x'), 'x\n');
  const before = state();
  const removal = [
    `path_remove|reversible|remove x|${at('etc/f/x')}`,
    `directory_remove|reversible|remove f|${at('etc/f')}`,
  ];
  const write = (...all: string[]) =>
    writeFileSync(join(folder, 'steps'), all.map((one, index) => `${index + 1}|${one}\n`).join(''));
  write(...removal, bad);
  run('run');
  assert.is(journal().at(-1), 'end rolled-back');
  assert.is(state(), before);
  prepare(good);
  write(...removal, good);
  run('run');
  assert.not.ok(existsSync(at('etc/f')), 'the control');
});

test('of two projects on a host the second waits for the first, and says so', async () => {
  prepare(good);
  writeFileSync(at('lib/holder'), 'shop: ann since noon\n');
  const first = execa('flock', [at('lib/lock'), 'sleep', '2']);
  await new Promise((resolve) => setTimeout(resolve, 500));
  run('run');
  assert.is(journal().at(-1), 'end converged');
  const log = readFileSync(join(folder, 'log'), 'utf8');
  assert.match(log, /^note another project is at work on this host \(shop: ann since noon\); waiting for it\nstep 1\n/);
  await first;
  prepare(good);
  run('run');
  assert.not.match(readFileSync(join(folder, 'log'), 'utf8'), 'another project', 'the control');
});

test('the unit of the boot keeps the time that it has when it is itself among what goes', () => {
  const own = 'fairlead-notes-recover.service';
  prepare(`file|reversible|write the unit|${at('etc', own)}|644|${me}|${group}|new-e\n7|${good}`);
  rmSync(at('run'), { recursive: true, force: true });
  mkdirSync(at('run'));
  const shown = `cat ${at('etc', own)} ${at('run', own)} 2>/dev/null`;
  const answers = `case "$1" in is-system-running) echo running ;; daemon-reload) ${shown} >>${at('seen')} ;; is-active) exit 3 ;; esac`;
  writeFileSync(at('bin', 'systemctl'), `#!/bin/sh\n${answers}\n`);
  run('run', 14);
  assert.ok(existsSync(at('etc', own)), 'it was cut off behind that step');
  run('recover');
  assert.is(journal().at(-1), 'end rolled-back');
  assert.not(existsSync(at('etc', own)));
  assert.is(readFileSync(at('seen'), 'utf8'), 'new e\n', 'what systemd found when it read the units');
  assert.not(existsSync(at('run', own)), 'nothing of it is left');
});

test('the time zone that a new unit has set is again what it was', () => {
  prepare(`unit_activate|reversible|start it|fairlead-timezone.service|start\n7|${bad}`);
  execaSync('ln', ['-s', '/usr/share/zoneinfo/UTC', at('etc/localtime')]);
  const before = state();
  const answers = [
    'is-system-running) echo running',
    'show) echo ActiveState=inactive; echo UnitFileState=disabled; echo MainPID=0',
    `start) ln -sfT /usr/share/zoneinfo/Asia/Tokyo ${at('etc/localtime')}; readlink ${at('etc/localtime')} >${at('set')}`,
    'is-active) case "$*" in *timezone*) ;; *) exit 3 ;; esac',
  ];
  writeFileSync(at('bin', 'systemctl'), `#!/bin/sh\ncase "$1" in ${answers.join(' ;; ')} ;; esac\n`);
  run('run');
  assert.is(journal().at(-1), 'end rolled-back');
  assert.match(readFileSync(at('set'), 'utf8'), /Tokyo/, 'the unit had set it');
  assert.is(state(), before);
});

test('what a boot has emptied, as /run, is put back by that', () => {
  const made = ['run', 'run/x'].map((name) => `directory|reversible|make it|${at('etc', name)}|750|${me}|${group}`);
  prepare([made[0], `7|${made[1]}`, `8|${good}`].join('\n'));
  const before = state();
  run('run', 16);
  assert.ok(existsSync(at('etc/run/x')), 'it was cut off behind these steps');
  rmSync(at('etc/run'), { recursive: true });
  run('recover');
  assert.is(journal().at(-1), 'end rolled-back');
  assert.is(state(), before);
});

test('nobody begins while another transaction is unfinished', () => {
  prepare(good);
  run('run', 7);
  const half = state();
  const second = at('lib/notes/transactions/two');
  execaSync('cp', ['-r', folder, second]);
  for (const name of ['journal', 'log']) rmSync(join(second, name));
  writeFileSync(at('die-at'), '0\n');
  execaSync('sh', [join(second, 'executor.sh'), second], { reject: false });
  assert.match(readFileSync(join(second, 'log'), 'utf8'), 'end stale the apply one was cut off');
  assert.is(state(), half);
});

test.run();
