import { lstat, readdir, readlink, symlink, unlink } from 'node:fs/promises';
import { request } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { socketAnswers } from './listen.ts';

const peerMs = 3000;

/**
 * Lets one instance of several go at a time: the link `recycling` in the folder of their unix sockets, which names the socket
 * of the instance that has gone, or is about to. symlink(2) fails when the link is there, so that only one instance can make it,
 * and makes it with its content, so that it is never seen half.
 *
 * The next process with the same socket removes the link, and only once it is ready. So an instance that goes and does not come
 * back keeps the others from going.
 *
 * But not for ever, since its number may be gone: a host may have got fewer instances, or a hand may have stopped this one. A
 * link that is older than `staleMs`, which must be longer than any drain, and at whose socket nobody accepts connections, is
 * removed by whoever wants to go next. Where instances do not come back because they cannot, all but one go in
 * that way, each after `staleMs`. The last one stays, because it finds no other that is ready.
 */
export class RecyclingMark {
  readonly #socket: string;
  readonly #link: string;
  readonly #staleMs: number;

  /** `socket` is the absolute path of the unix socket that this process listens on. */
  constructor(socket: string, staleMs: number) {
    this.#socket = socket;
    this.#link = join(dirname(socket), 'recycling');
    this.#staleMs = staleMs;
  }

  /**
   * True when this instance may go now: the mark is its own, and another instance is ready. In this order, since with the mark no
   * other can begin to go any more. Whoever gets false tries again later.
   */
  async take(): Promise<boolean> {
    if (!(await this.#make())) return false;
    // It may have been taken for a stale one that somebody else had just removed.
    if ((await anotherIsReady(this.#socket)) && (await this.#isOwn())) return true;
    await this.remove();
    return false;
  }

  /** Removes the mark if it is this instance's: its own, or that of the process before it. */
  async remove(): Promise<void> {
    if (await this.#isOwn()) await unlink(this.#link).catch(ignoreMissing);
  }

  /** A stale mark is only removed here, and made by the next try: two that find it at once then meet at an empty place. */
  async #make(): Promise<boolean> {
    try {
      await symlink(basename(this.#socket), this.#link);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (await this.#isStale()) await unlink(this.#link).catch(ignoreMissing);
      return false;
    }
  }

  async #isStale(): Promise<boolean> {
    const stats = await lstat(this.#link).catch(ignoreMissing);
    if (stats === undefined || Date.now() - stats.mtimeMs < this.#staleMs) return false;
    if (await socketAnswers(join(dirname(this.#link), await this.#owner()))) return false;
    const now = await lstat(this.#link).catch(ignoreMissing);
    return now?.ino === stats.ino;
  }

  async #isOwn() {
    return (await this.#owner()) === basename(this.#socket);
  }

  /** Name of the socket in the mark; empty when there is none. */
  #owner(): Promise<string> {
    return readlink(this.#link).catch(() => '');
  }
}

/** Whether an instance with another socket in the same folder answers its readiness check with 2xx. */
export async function anotherIsReady(socket: string): Promise<boolean> {
  const folder = dirname(socket);
  const others = (await readdir(folder)).filter((name) => name.endsWith('.sock') && name !== basename(socket));
  const answers = await Promise.all(others.map((name) => isReady(join(folder, name))));
  return answers.includes(true);
}

function isReady(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { socketPath, path: '/readyz', agent: false, signal: AbortSignal.timeout(peerMs) };
    const probe = request(options, ({ statusCode = 0 }) => {
      resolve(statusCode >= 200 && statusCode <= 299);
      probe.destroy();
    });
    probe.on('error', () => resolve(false));
    probe.end();
  });
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}
