import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import * as assert from 'uvu/assert';

/** Where a service listens: a unix socket, or a TCP port of this machine. */
export type Target = { socketPath: string } | { host: string; port: number };

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed body; undefined when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON came back
  json: any;
}

export interface Send {
  headers?: Record<string, string>;
  /** Sent as it is when it is text or bytes, else as JSON. */
  body?: unknown;
  agent?: Agent;
}

/** One real HTTP request. Every answer is checked for what all answers have in common. */
export async function send(target: Target, method: string, path: string, options: Send = {}): Promise<Answer> {
  const answer = await exchange(target, method, path, options);
  checkCommon(answer);
  if (answer.status >= 400 && method !== 'HEAD') checkProblem(answer);
  return answer;
}

function exchange(target: Target, method: string, path: string, options: Send): Promise<Answer> {
  const { body, agent } = options;
  const payload = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const json = payload === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...json, ...options.headers };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...target, method, path, headers, agent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const parsed =
          /json/.test(incoming.headers['content-type'] ?? '') && text !== '' ? JSON.parse(text) : undefined;
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parsed });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

/** Sends raw bytes and returns all that comes back until the server closes the connection. */
export async function exchangeBytes(target: Target, bytes: string): Promise<string> {
  const socket = connect('socketPath' in target ? { path: target.socketPath } : target);
  socket.write(bytes);
  return (await socket.toArray()).join('');
}

function checkCommon({ headers }: Answer) {
  assert.match(String(headers['x-request-id']), /^[A-Za-z0-9._-]{1,64}$/);
  assert.is(headers['cache-control'], 'no-store');
  assert.is(headers['x-powered-by'], undefined);
}

function checkProblem({ status, headers, text, json }: Answer) {
  assert.match(String(headers['content-type']), /^application\/problem\+json\b/);
  const { errors: _, ...rest } = json;
  assert.equal(Object.keys(rest), ['type', 'title', 'status', 'detail', 'instance']);
  assert.is(json.status, status);
  assert.is(json.instance, headers['x-request-id']);
  assert.not.match(text, /node_modules|SELECT|INSERT|at .*\.js|Sequelize/, 'a problem must not show what is inside');
}
