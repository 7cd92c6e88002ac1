import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request that was not answered with 200: when (Date.now()), and what came instead. */
export interface Miss {
  readonly at: number;
  readonly said: string;
}

/** Asks a site from outside all the time, each time over a new connection, until it is stopped. */
export class Sampler {
  readonly misses: Miss[] = [];
  asked = 0;
  private going = true;
  private readonly loop: Promise<void>;

  /** @param port of this machine that leads to the host's port 80. */
  constructor(private readonly port: number) {
    this.loop = this.run();
  }

  private async run(): Promise<void> {
    while (this.going) {
      this.asked += 1;
      const at = Date.now();
      const said = await ask(this.port, '/api/notes');
      if (said !== '200') this.misses.push({ at, said });
      await sleep(100);
    }
  }

  async stop(): Promise<void> {
    this.going = false;
    await this.loop;
  }
}

/** The status of a page, or why there is none. */
export function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path, agent: false, headers: { host: 'localhost' }, timeout: 10_000 };
    const request = get(options, (response) => {
      response.resume();
      response.on('close', () => resolve(response.complete ? String(response.statusCode) : 'cut off'));
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', (error) => resolve(error.message || String(error)));
  });
}
