/** Ways to send one request after the other over a connection that is kept. */
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { connect as tlsConnect } from 'node:tls';

/** Where and how clients ask. */
export interface Target {
  readonly protocol: 'http1' | 'http2';
  /** The port of this machine that leads to the site. */
  readonly port: number;
  /** The name that the site has there. */
  readonly name: string;
  /** The certificate of the authority that signed the site's, in PEM; without it the site is asked in plain text. */
  readonly authority?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A connection, or a part of one. */
export interface Line {
  /** @throws Error when the connection breaks or the answer does not come in time. */
  ask(method: 'GET' | 'POST', path: string, body?: string): Promise<Answer>;
  /** How often a request was sent again because the server said that it had not touched it. */
  readonly resent: number;
  close(): void;
}

/** How long an answer may take, in milliseconds. */
const patience = 30_000;
const address = '127.0.0.1';

/** Opens so many lines: with HTTP/1.1 a connection each, with HTTP/2 one for every four. */
export function openLines(target: Target, count: number): Line[] {
  if (target.protocol === 'http1') return Array.from({ length: count }, () => new Http1Line(target));
  const sessions = Array.from({ length: Math.ceil(count / 4) }, () => new Http2Connection(target));
  return Array.from({ length: count }, (_, index) => new Http2Line(sessions[index % sessions.length]!));
}

class Http1Line implements Line {
  readonly resent = 0;
  private readonly agent: PlainAgent;
  private readonly request: typeof plainRequest;

  constructor(private readonly target: Target) {
    const kept = { keepAlive: true, maxSockets: 1 };
    this.agent = target.authority === undefined ? new PlainAgent(kept) : new TlsAgent(kept);
    this.request = target.authority === undefined ? plainRequest : tlsRequest;
  }

  ask(method: string, path: string, body?: string): Promise<Answer> {
    const { port, name, authority } = this.target;
    const options = { host: address, port, servername: name, path, method, agent: this.agent };
    const headers = { host: name, ...(body === undefined ? {} : bodyHeaders(body)) };
    const signal = AbortSignal.timeout(patience);
    return new Promise((resolve, reject) => {
      const asked = this.request({ ...options, headers, signal, ...(authority ? { ca: authority } : {}) });
      asked.on('error', reject);
      asked.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      });
      asked.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

const bodyHeaders = (body: string) => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
});

/** A connection that lines share; a new one takes the place of one that the server ends (GOAWAY, RFC 9113, section 6.8). */
class Http2Connection {
  private session: ClientHttp2Session | undefined;
  /** Those that are there still, also without taking requests any more. */
  private readonly open = new Set<ClientHttp2Session>();

  constructor(private readonly target: Target) {}

  current(): ClientHttp2Session {
    if (this.session && !this.session.closed && !this.session.destroyed) return this.session;
    const { port, name, authority } = this.target;
    const secure = {
      host: address,
      port,
      servername: name,
      ALPNProtocols: ['h2'],
      ...(authority ? { ca: authority } : {}),
    };
    const session = connect(`https://${name}:${port}`, { createConnection: () => tlsConnect(secure) });
    // What breaks a connection breaks its requests, and each of them tells.
    session.on('error', () => undefined);
    session.on('goaway', () => this.forget(session));
    session.on('close', () => {
      this.forget(session);
      this.open.delete(session);
    });
    this.open.add(session);
    this.session = session;
    return session;
  }

  private forget(session: ClientHttp2Session): void {
    if (this.session === session) this.session = undefined;
  }

  /** To be called when no request is under way. */
  close(): void {
    for (const session of this.open) session.destroy();
  }
}

/** The server has not touched this request, and it may be sent again (RFC 9113, section 8.7). */
class Untouched extends Error {}

class Http2Line implements Line {
  resent = 0;

  constructor(private readonly connection: Http2Connection) {}

  async ask(method: string, path: string, body?: string): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.askOnce(method, path, body);
      } catch (error) {
        if (!(error instanceof Untouched) || tries === 3) throw error;
        this.resent += 1;
      }
    }
  }

  private askOnce(method: string, path: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { ':method': method, ':path': path, ...(body === undefined ? {} : bodyHeaders(body)) };
      const stream = this.connection.current().request(headers, { endStream: body === undefined });
      const timer = setTimeout(() => stream.destroy(new Error('no answer in time')), patience);
      const answer = { status: 0, body: '', whole: false };
      let problem: Error | undefined;
      stream.setEncoding('utf8').on('data', (part) => (answer.body += part));
      stream.on('response', (got) => (answer.status = Number(got[':status'])));
      stream.on('end', () => (answer.whole = true));
      stream.on('error', (error) => (problem = error));
      stream.on('close', () => {
        clearTimeout(timer);
        if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) reject(new Untouched('refused'));
        else if (problem || !answer.whole || answer.status === 0) reject(problem ?? new Error('cut off'));
        else resolve(answer);
      });
      if (body !== undefined) stream.end(body);
    });
  }

  close(): void {
    this.connection.close();
  }
}
