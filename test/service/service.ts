import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { suite, type TestContext } from '../support/suite.ts';
import type { Target } from './client.ts';
import { type Postgres, startPostgres } from './postgres.ts';

export const folder = fileURLToPath(new URL('../../service/', import.meta.url));

/** NODE_UNDER_TEST runs the service on another Node than the tests. */
export const node = process.env.NODE_UNDER_TEST ?? process.execPath;

export const migrate = ['node_modules/.bin/sequelize-cli', 'db:migrate', '--options-path', 'sequelizerc.cjs'];

const startLimitMs = 20_000;

// What a broken test leaves behind must not outlive this process.
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

/** One line of a service's log. */
export interface LogLine {
  level: string;
  message: string;
  [field: string]: unknown;
}

let built: Promise<void> | undefined;

/** Builds the service once for all test files of this process. */
export function buildService(): Promise<void> {
  built ??= build();
  return built;
}

async function build() {
  if (!existsSync(join(folder, 'node_modules'))) await execa('npm', ['ci'], { cwd: folder });
  await execa('npm', ['run', 'build'], { cwd: folder });
}

/** A clean environment: nothing of the developer's own PG* or PORT gets in. */
export function environment(extra: Record<string, string>): Record<string, string> {
  return { PATH: process.env.PATH ?? '', ...extra };
}

/** Runs one of the service's programs to its end. */
export function run(args: string[], env: Record<string, string>) {
  return execa(node, args, { cwd: folder, env: environment(env), extendEnv: false, reject: false });
}

/** A running service process. */
export class Service {
  readonly log: LogLine[] = [];
  readonly target: Target;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;
  errors = '';

  private constructor(child: ChildProcess, target: Target) {
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.target = target;
    this.#exited = once(child, 'exit');
  }

  /**
   * Starts the built service, or another program that logs like it, and resolves when it listens; without PORT in `env` it
   * takes a free TCP port.
   */
  static async start(env: Record<string, string>, program: readonly string[] = ['dist/server.js']): Promise<Service> {
    const port = env.PORT ?? '0';
    const target: Target = port.startsWith('/') ? { socketPath: port } : { host: '127.0.0.1', port: Number(port) };
    const options = { cwd: folder, env: environment({ PORT: port, ...env }), stdio: 'pipe' as const };
    const service = new Service(spawn(node, program, options), target);
    service.#read();
    const line = await service.logged('listening');
    if ('port' in target) target.port = Number(line.address);
    return service;
  }

  #read() {
    let rest = '';
    this.#child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
    this.#child.stdout?.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.log.push(JSON.parse(line));
      this.#child.emit('logged');
    });
  }

  /** The first line with this message, and request id if one is given, waiting for it if need be. */
  async logged(message: string, requestId?: unknown): Promise<LogLine> {
    const wanted = (line: LogLine) =>
      line.message === message && (requestId === undefined || line.requestId === requestId);
    const signal = AbortSignal.timeout(startLimitMs);
    for (;;) {
      const line = this.log.find(wanted);
      if (line) return line;
      const ended = this.#exited.then(() => {
        throw new Error(`the service ended before it logged "${message}": ${this.errors}${JSON.stringify(this.log)}`);
      });
      await Promise.race([once(this.#child, 'logged', { signal }), ended]);
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  kill(signal: NodeJS.Signals) {
    this.#child.kill(signal);
  }

  /** The exit code; null after a deadly signal. */
  async exitCode(): Promise<number | null> {
    const [code] = await this.#exited;
    return code as number | null;
  }

  /** Ends the process at once, and waits for the end. */
  async stop() {
    this.kill('SIGKILL');
    await this.#exited;
  }
}

/** What a test of the service works with. */
export interface Stack {
  postgres: Postgres;
  /** A directory for sockets, removed with the database. */
  dir: string;
  /** Starts a service on the migrated database; it is stopped with the stack at the latest. `program` is what Node gets. */
  start(env?: Record<string, string>, program?: readonly string[]): Promise<Service>;
}

class OwnStack implements Stack {
  readonly postgres: Postgres;
  readonly dir: string;
  readonly #services: Service[] = [];

  constructor(postgres: Postgres, dir: string) {
    this.postgres = postgres;
    this.dir = dir;
  }

  readonly start = async (env: Record<string, string> = {}, program?: readonly string[]) => {
    const service = await Service.start({ ...this.postgres.environment, ...env }, program);
    this.#services.push(service);
    return service;
  };

  async remove() {
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.postgres.remove();
  }
}

async function startStack(): Promise<OwnStack | undefined> {
  await buildService();
  const postgres = await startPostgres();
  if (postgres === undefined) return undefined;
  const stack = new OwnStack(postgres, join(postgres.environment.PGHOST, 'run'));
  try {
    await mkdir(stack.dir);
    await postgres.createDatabase('notes');
    const { exitCode, all } = await execa(node, migrate, {
      cwd: folder,
      env: environment(postgres.environment),
      extendEnv: false,
      all: true,
      reject: false,
    });
    if (exitCode !== 0) throw new Error(`migration failed:\n${all}`);
    return stack;
  } catch (error) {
    await stack.remove();
    throw error;
  }
}

/** A suite whose tests get a database of their own with the service's schema; skipped where PostgreSQL cannot be had. */
export function serviceSuite(title: string) {
  const inner = suite(title);
  let stack: OwnStack | undefined;

  inner.before(async () => {
    stack = await startStack();
  });
  inner.after(async () => {
    await stack?.remove();
  });

  const add = (name: string, handler: (stack: Stack, context: TestContext) => Promise<void>) =>
    inner(name, async (context) => {
      if (stack === undefined) return context.skip('PostgreSQL is not installed');
      await handler(stack, context);
    });
  return Object.assign(add, { run: () => inner.run() });
}
