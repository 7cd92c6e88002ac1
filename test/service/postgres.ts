import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const installed = '/usr/lib/postgresql';
const startLimitMs = 20_000;
const isRoot = process.getuid?.() === 0;

// Stops the server when a word arrives or when its standard input ends, which it also does when this process is killed.
// Only "keep" leaves the files.
const guardian = `dir=$1; shift; "$@" & server=$!
read -r word; kill -INT $server; wait $server; [ "$word" = keep ] || rm -rf "$dir"`;

/** A private PostgreSQL on a unix socket in a directory of its own, without durability. */
export interface Postgres {
  /** What a client needs in its environment; the user is a superuser without a password. */
  readonly environment: { PGHOST: string; PGUSER: string; PGDATABASE: string };
  createDatabase(name: string): Promise<void>;
  /** Runs psql with one statement, until it ends or `signal` is aborted. */
  sql(statement: string, signal?: AbortSignal): Promise<string>;
  start(): Promise<void>;
  /** Stops the server but keeps its data. */
  stop(): Promise<void>;
  /** Stops the server and removes its files. */
  remove(): Promise<void>;
}

/** Starts a throw-away cluster; undefined when this machine has no PostgreSQL and cannot be given one. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const binaries = findBinaries() ?? (await install());
  if (binaries === undefined) return undefined;
  const dir = await mkdtemp(join(tmpdir(), 'notes-pg-'));
  const postgres = new Cluster(binaries, dir);
  try {
    await postgres.initialise();
    await postgres.start();
    return postgres;
  } catch (error) {
    await postgres.remove();
    throw error;
  }
}

function findBinaries(): string | undefined {
  if (!existsSync(installed)) return undefined;
  const versions = readdirSync(installed).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(installed, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

async function install(): Promise<string | undefined> {
  if (!isRoot || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log('installing postgresql …');
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  await execa('apt-get', ['update', '-q'], { env: environment });
  await execa('apt-get', ['install', '-qy', '--no-install-recommends', 'postgresql'], { env: environment });
  return findBinaries();
}

class Cluster implements Postgres {
  readonly environment: Postgres['environment'];
  readonly #binaries: string;
  readonly #dir: string;
  #server: ChildProcess | undefined;

  constructor(binaries: string, dir: string) {
    this.#binaries = binaries;
    this.#dir = dir;
    this.environment = { PGHOST: dir, PGUSER: 'notes', PGDATABASE: 'notes' };
  }

  async initialise() {
    await this.#giveAway();
    const options = ['-A', 'trust', '-U', 'notes', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    const [program = '', ...rest] = this.#unprivileged('initdb', ['-D', this.#data, ...options]);
    await execa(program, rest, { cwd: '/' });
  }

  async start() {
    const settings = ['listen_addresses=', `unix_socket_directories=${this.#dir}`, 'fsync=off', 'max_connections=40'];
    const command = this.#unprivileged('postgres', ['-D', this.#data, ...settings.flatMap((line) => ['-c', line])]);
    this.#server = spawn('sh', ['-c', guardian, 'sh', this.#dir, ...command], {
      cwd: '/',
      // A group of its own, so that Ctrl-C in the terminal reaches it only through the end of this process.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await this.#ready();
  }

  async #ready() {
    const deadline = Date.now() + startLimitMs;
    for (;;) {
      const probe = await execa(this.#binary('pg_isready'), ['-q', '-h', this.#dir], { reject: false });
      if (probe.exitCode === 0) return;
      if (Date.now() > deadline) throw new Error(`PostgreSQL in ${this.#dir} did not start`);
      await sleep(50);
    }
  }

  async createDatabase(name: string) {
    await execa(this.#binary('createdb'), [name], { env: this.environment });
  }

  async sql(statement: string, signal?: AbortSignal) {
    const options = { env: this.environment, ...(signal ? { cancelSignal: signal } : {}) };
    const { stdout } = await execa(this.#binary('psql'), ['-XAtc', statement], options);
    return stdout;
  }

  stop() {
    return this.#end('keep\n');
  }

  async remove() {
    await this.#end('');
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #end(word: string) {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const ended = once(server, 'exit');
    server.stdin?.end(word);
    await ended;
  }

  get #data() {
    return join(this.#dir, 'data');
  }

  #binary(name: string) {
    return join(this.#binaries, name);
  }

  /** PostgreSQL refuses to run as root; setpriv becomes the program it starts, so signals reach it. */
  #unprivileged(name: string, args: string[]): string[] {
    const become = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
    return [...(isRoot ? become : []), this.#binary(name), ...args];
  }

  async #giveAway() {
    if (!isRoot) return;
    const { stdout } = await execa('id', ['-u', 'postgres']);
    await chown(this.#dir, Number(stdout), -1);
  }
}
