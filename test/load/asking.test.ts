/** The clients of a load against servers that are built to fail: each fault is seen by the judge. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import type { Target } from './ask.ts';
import { Asking, type Seen } from './asking.ts';
import { makeCertificate } from './certificate.ts';
import { type Counts, faultsOf } from './judge.ts';
import { keptOf } from './writes.ts';

const test = suite('the clients of a load');

/** Does something else with the write of that number, and returns whether it did all. */
type Fault = (number: number, response: ServerResponse, rows: string[], title: string) => boolean;

/** A notes API in memory. */
class Notes {
  readonly rows: string[] = [];
  private readonly titles: string[] = [];

  constructor(private readonly fault: Fault = () => false) {}

  readonly answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    if (request.method !== 'POST') return this.show(response, Number(request.url?.split('/').at(-1)), 200);
    const { title } = JSON.parse(body);
    const id = this.titles.push(title);
    if (this.fault(id, response, this.rows, title)) return;
    this.rows.push(title);
    this.show(response, id, 201);
  };

  private show(response: ServerResponse, id: number, status: number): void {
    response.writeHead(status).end(JSON.stringify({ id, title: this.titles[id - 1] }));
  }
}

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** Asks a server for a while, and counts. */
async function load(target: Target, rows: readonly string[]): Promise<{ seen: Seen; counts: Counts }> {
  const asking = new Asking({ target, clients: 8, rate: 800, run: 'r' });
  while (asking.progress.requests < 200) await sleep(10);
  const seen = await asking.stop();
  const counts = { requests: seen.times.length, failed: seen.failures.length, ...keptOf('r', seen.writes, rows) };
  return { seen, counts };
}

async function plain(fault?: Fault) {
  const notes = new Notes(fault);
  const server = createServer(notes.answer);
  try {
    return await load({ protocol: 'http1', port: await listening(server), name: 'localhost' }, notes.rows);
  } finally {
    server.close();
  }
}

test('ask a server without faults, half to read and half to write, and see none', async () => {
  const { counts, seen } = await plain();
  assert.equal(faultsOf(counts), []);
  assert.ok(Math.abs(counts.acknowledged - counts.requests / 2) <= 8, JSON.stringify(counts));
  assert.ok([...seen.starts.slice(1)].every((start) => Math.abs(start - Date.now()) < 60_000));
});

test('see a connection that breaks', async () => {
  const { counts, seen } = await plain((number, response) => number === 20 && Boolean(response.destroy()));
  assert.is(counts.failed, 1);
  assert.match(seen.failures[0]?.said ?? '', /ECONNRESET|hang up/);
  assert.equal(faultsOf(counts), [`1 of ${counts.requests} requests failed`]);
});

test('see a 502 in place of an answer, and a note that was made nevertheless', async () => {
  const { counts } = await plain((number, response, rows, title) => {
    if (number !== 20) return false;
    rows.push(title);
    response.writeHead(502).end();
    return true;
  });
  assert.is(counts.failed, 1);
  assert.is(counts.unacknowledged, 1);
});

test('see a note that is made twice', async () => {
  const { counts } = await plain((number, _response, rows, title) => {
    if (number === 20) rows.push(title);
    return false;
  });
  assert.equal(faultsOf(counts), ['1 notes were made twice']);
});

test('see a note that was acknowledged and is gone', async () => {
  const { counts } = await plain((number, response, _rows, title) => {
    if (number !== 20) return false;
    response.writeHead(201).end(JSON.stringify({ id: number, title }));
    return true;
  });
  assert.equal(faultsOf(counts), ['1 acknowledged notes are lost']);
});

test('count a stall for every request that had to wait for it', async () => {
  let stalled = false;
  const notes = new Notes();
  const server = createServer(async (request, response) => {
    if (!stalled && notes.rows.length > 20) {
      stalled = true;
      const end = Date.now() + 300;
      while (Date.now() < end);
    }
    await notes.answer(request, response);
  });
  const { seen } = await load({ protocol: 'http1', port: await listening(server), name: 'localhost' }, notes.rows);
  server.close();
  // Both ends are one process here, and at a beat of 10 ms each of the 8 clients has about 30 requests due meanwhile.
  assert.ok(seen.times.filter((time) => time > 50).length > 60, 'as many as were due');
});

test('follow HTTP/2 connections that the server ends, and send again only what it did not touch', async () => {
  const { authority, certificate, key } = await makeCertificate(['localhost']);
  const notes = new Notes();
  const server = createSecureServer({ cert: certificate, key });
  // A session that said goodbye may read no more, and then never hears that its client is gone.
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  let streams = 0;
  // What comes after the goodbye is not touched, also when it was under way already.
  const leaving = new Set<unknown>();
  server.on('stream', (stream) => {
    streams += 1;
    if (leaving.has(stream.session) || streams % 41 === 0) stream.close(7);
    else if (streams % 40 === 0) {
      leaving.add(stream.session);
      stream.session?.goaway();
    }
  });
  server.on('request', (request, response) => {
    if (!request.stream.destroyed && request.stream.rstCode === 0) notes.answer(request as never, response as never);
  });
  const port = await listening(server);
  const { counts, seen } = await load({ protocol: 'http2', port, name: 'localhost', authority }, notes.rows);
  server.close();
  for (const socket of sockets) socket.destroy();
  assert.equal(faultsOf(counts), [], JSON.stringify(seen.failures));
  assert.ok(seen.resent > 0, 'some were sent again');
});

test.run();
