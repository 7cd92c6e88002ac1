import { appendFileSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import { suite as uvuSuite } from 'uvu';

/** What one test gets; `skip` ends it as skipped, which fails the run in CI (a missing tool is not a pass). */
export interface TestContext {
  skip(reason: string): never;
}

type Handler = (context: TestContext) => void | Promise<void>;
type Hook = () => void | Promise<void>;

/**
 * A named group of tests over uvu 0.5, which ends green when a hook throws, when a test throws something that is no
 * Error, when `run()` was forgotten, and when its own report of a failure throws. Here each of these fails the process.
 */
export interface Suite {
  (name: string, handler: Handler): void;
  before(hook: Hook): void;
  after(hook: Hook): void;
  run(): void;
}

class Skipped extends Error {}

const inContinuousIntegration = () => process.env.CI === 'true';

/** Appends one outcome to the tally file that the runner (test/run.ts) adds up, when there is one. */
function record(outcome: 'passed' | 'failed' | 'skipped', name: string) {
  const file = process.env.TEST_TALLY;
  if (file) appendFileSync(file, `${outcome}\t${name.replaceAll(/\s+/g, ' ')}\n`);
}

/** uvu reads `name`, `message` and `stack` of what is thrown, and gives up silently where they are missing. */
function asError(thrown: unknown): Error {
  return isNativeError(thrown) ? thrown : new Error(`threw ${String(thrown)}, which is no Error`);
}

let failed = false;

/** Records a failure; the process will end with 1, whatever uvu makes of it. */
function fail(name: string) {
  record('failed', name);
  failed = true;
}

function failLoudly(name: string, error: Error) {
  fail(name);
  console.error(`\n  ${name} failed:\n${error.stack ?? error.message}\n`);
}

/** How many tests each suite still has to finish. */
const unfinished = new Map<string, number>();

const count = (title: string, by: 1 | -1) => unfinished.set(title, (unfinished.get(title) ?? 0) + by);

// uvu sets exitCode when it ends, so the verdict is given after it.
process.on('exit', (code) => {
  for (const [title, tests] of unfinished) {
    if (tests > 0) failLoudly(title, new Error(`${tests} of its tests never ran; is its run() missing?`));
  }
  if (failed && code === 0) process.exitCode = 1;
});

/** Makes a suite. Tests are named by sentences; `run()` must be called last, as in uvu. */
export function suite(title: string): Suite {
  const inner = uvuSuite(title);
  let broken: Error | undefined;

  const guarded = (name: string, hook: Hook) => async () => {
    try {
      await hook();
    } catch (thrown) {
      broken = asError(thrown);
      failLoudly(`${title}: ${name} hook`, broken);
    }
  };

  const add = (name: string, handler: Handler) => {
    const full = `${title}: ${name}`;
    count(title, 1);
    inner(name, async () => {
      const started = performance.now();
      try {
        if (broken) throw new Error(`not run, because a hook of this suite failed: ${broken.message}`);
        await handler({
          skip(reason) {
            throw new Skipped(reason);
          },
        });
        record('passed', full);
      } catch (thrown) {
        const error = asError(thrown);
        if (error instanceof Skipped && !inContinuousIntegration()) {
          record('skipped', full);
          console.log(`\n  skipped: ${full}: ${error.message}`);
          return;
        }
        fail(full);
        throw error;
      } finally {
        count(title, -1);
        const seconds = (performance.now() - started) / 1000;
        if (process.env.TEST_TIMES || seconds > 20) console.log(`\n  ${full}: ${seconds.toFixed(1)} s`);
      }
    });
  };

  return Object.assign(add, {
    before: (hook: Hook) => inner.before(guarded('before', hook)),
    after: (hook: Hook) => inner.after(guarded('after', hook)),
    run: () => inner.run(),
  });
}
