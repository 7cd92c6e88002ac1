/** executor.sh, starting a release beside the one that serves: it goes live only when every instance is ready, and stays so. */
import { mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { ExecutorGround } from '../support/executor.ts';
import { suite } from '../support/suite.ts';

const test = suite('readiness of releases');
const ground = new ExecutorGround();

test.after(() => ground.remove());

/** How the two instances of a release behave: what asking them comes to, and how systemctl shows them. */
interface Behaviour {
  readonly curl?: string;
  /** Shell text that prints how often systemd has started an instance again. */
  readonly restarts?: string;
  /** Shell text that prints the id of a run of an instance. */
  readonly run?: string;
  readonly seconds?: string;
}

/** Starts a release of two instances beside one that serves; returns the log, and which release is live afterwards. */
function start({ curl = 'printf 200', restarts = 'echo 0', run = 'echo same', seconds = '1|1' }: Behaviour) {
  ground.clear();
  mkdirSync(ground.at('srv/notes/releases/abc'));
  symlinkSync('blue', ground.at('run/notes/live'));
  symlinkSync('../releases/old', ground.at('srv/notes/slots/blue'));
  ground.program('curl', curl);
  ground.program('journalctl', 'echo "the log of $1"');
  ground.program(
    'systemctl',
    `case "$*" in
      is-system-running) echo running ;;
      *NRestarts*) ${restarts} ;;
      *InvocationID*) for unit in notes-green@1.service notes-green@2.service; do printf 'Id=%s\\nInvocationID=%s\\n\\n' "$unit" "$(${run})"; done ;;
    esac`,
  );
  const { log } = ground.run([
    `release_ready|reversible|start it|notes|abc|2|/readyz|${seconds}`,
    'release_switch|reversible|go live|notes',
  ]);
  return { log, live: readlinkSync(ground.at('run/notes/live')) };
}

const stays = ({ log, live }: { log: string; live: string }, ...texts: (string | RegExp)[]) => {
  for (const text of texts) assert.match(log, text);
  assert.match(log, /end rolled-back\n$/);
  assert.is(live, 'blue', 'what served goes on to');
};

test('one that is ready and stays so goes live: the control of all others', () => {
  const { log, live } = start({});
  assert.match(log, /end converged\n$/);
  assert.is(live, 'green');
});

test('one that answers nothing', () =>
  stays(
    start({ curl: 'printf 000; exit 7' }),
    'instance 1 of notes was not ready within 1 s: /readyz was not answered; the last lines of its log:',
    'out 1 the log of --unit=notes-green@1.service',
  ));

test('one whose second instance answers something else', () =>
  stays(
    start({ curl: 'case "$*" in *green/2.sock*) printf 503 ;; *) printf 200 ;; esac' }),
    'instance 2 of notes was not ready within 1 s: /readyz was answered with 503;',
    'out 1 the log of --unit=notes-green@2.service',
  ));

test('one that ends again and again is not waited for', () => {
  const began = performance.now();
  stays(
    start({ curl: 'printf 000; exit 7', restarts: 'echo 3', seconds: '60|1' }),
    'instance 1 of notes ended three times before it was ready;',
  );
  assert.ok(performance.now() - began < 30_000);
});

test('one that is ready and ends a moment later', () =>
  stays(
    start({ run: `[ "$unit" = notes-green@1.service ] && echo same || date +%s%N` }),
    'instance 2 of notes was ready, and ended within 1 s after that;',
  ));

test('one that was started again before it was ready goes live', () => {
  assert.match(start({ restarts: 'echo 2' }).log, /end converged\n$/);
});

test('one that is not watched after it was ready goes live at once', () => {
  assert.match(start({ run: 'date +%s%N', seconds: '1|0' }).log, /end converged\n$/);
});

test.run();
