import { appendFileSync } from 'node:fs';
import { suite as uvuSuite } from 'uvu';

/** What one test gets; `skip` ends it as skipped, which fails the run in CI (a missing tool is not a pass). */
export interface TestContext {
  skip(reason: string): never;
}

type Handler = (context: TestContext) => void | Promise<void>;
type Hook = () => void | Promise<void>;

/** A named group of tests over uvu 0.5 whose hooks count: uvu swallows what they throw and exits 0. */
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

function fail(name: string, error: unknown) {
  record('failed', name);
  console.error(`\n  ${name} failed:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  // uvu sets exitCode to 0 when it ends, so the verdict is given after it.
  process.on('exit', () => {
    process.exitCode = 1;
  });
}

/** Makes a suite. Tests are named by sentences; `run()` must be called last, as in uvu. */
export function suite(title: string): Suite {
  const inner = uvuSuite(title);
  let broken: unknown;

  const guarded = (name: string, hook: Hook) => async () => {
    try {
      await hook();
    } catch (error) {
      broken = error ?? new Error('threw nothing');
      fail(`${title}: ${name} hook`, broken);
    }
  };

  const add = (name: string, handler: Handler) => {
    const full = `${title}: ${name}`;
    inner(name, async () => {
      const started = performance.now();
      try {
        if (broken) throw new Error(`not run, because a hook of this suite failed: ${broken}`);
        await handler({
          skip(reason) {
            throw new Skipped(reason);
          },
        });
        record('passed', full);
      } catch (error) {
        if (error instanceof Skipped && !inContinuousIntegration()) {
          record('skipped', full);
          console.log(`\n  skipped: ${full}: ${error.message}`);
          return;
        }
        record('failed', full);
        // uvu takes a thrown null or undefined for a pass.
        throw error ?? new Error('threw nothing');
      } finally {
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
