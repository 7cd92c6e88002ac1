import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createApp } from './app.ts';
import type { Log } from './log.ts';
import type { NoteFields, NotesRepository, NoteView } from './notes/repository.ts';
import { notesPath } from './notes/router.ts';

/** How many requests of each kind are made, and for how long at most, in milliseconds. */
const rounds = 3;
const limitMs = 3000;

/** How many of them reach the database, which logs each that it refuses. */
const rehearsals = 2;

const imagined = (fields: NoteFields): NoteView => ({ ...fields, id: 0, createdAt: new Date(), updatedAt: new Date() });

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export interface WarmUpParts {
  readonly notes: NotesRepository;
  readonly bodyLimitBytes: number;
  readonly ping: () => Promise<void>;
}

/** Has V8 clear up at once: what starting and warming up took would else be kept until there is much more of it. */
function giveBack(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how: object) => void;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync' });
}

/**
 * Makes requests of the kinds that will come, over a socket of its own, before the first real one does: by then code is compiled and
 * connections are open, and a switch from one release to the next is not felt. The database refuses what it creates.
 *
 * @throws Error when the service cannot answer itself.
 */
export async function warmUp({ notes, ...parts }: WarmUpParts): Promise<void> {
  let left = rehearsals;
  const create = (fields: NoteFields) => (left-- > 0 ? notes.rehearse(fields) : Promise.resolve(imagined(fields)));
  const rehearsed = { ...notes, create };
  const server = createServer(createApp({ ...parts, log: silent, notes: rehearsed, isDraining: () => false }));
  const socketPath = join(tmpdir(), `warm-up-${process.pid}.sock`);
  const agent = new Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  const ask = (method: string, path: string, body?: string) =>
    new Promise<void>((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const asked = request({ socketPath, agent, method, path, headers }, (response) => {
        response.resume().once('end', resolve);
      });
      asked.once('error', reject).end(body);
    });
  const until = Date.now() + limitMs;
  const turn = async () => {
    for (let round = 0; round < rounds && Date.now() < until; round++) {
      await ask('GET', notesPath);
      await ask('GET', `${notesPath}/1`);
      await ask('POST', notesPath, JSON.stringify({ title: `Warm-up ${round}`, body: 'Never kept.' }));
    }
  };
  try {
    // What is called first from now on is compiled at once (Sparkplug) and not only once it is often called.
    setFlagsFromString('--always-sparkplug');
    await Promise.all([turn(), turn()]);
  } finally {
    setFlagsFromString('--no-always-sparkplug');
    agent.destroy();
    server.close();
    giveBack();
  }
}
