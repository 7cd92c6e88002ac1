import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from './host.ts';
import { LabProject } from './project.ts';

export const echoName = 'echo.example.com';

/** A program that tells what it was asked, over how many connections it was asked so far, and upgrades to WebSockets. */
const program = `const { createHash } = require('node:crypto');
let connections = 0;
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/readyz' || request.url === '/healthz') return response.end('ok');
  if (request.url === '/die') return process.exit(1);
  if (request.url === '/missing') { response.statusCode = 404; return response.end('nothing here'); }
  response.setHeader('X-Powered-By', 'Echo');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(JSON.stringify({ url: request.url, headers: request.headers, connections, pid: process.pid }));
});
server.keepAliveTimeout = 75000;
server.on('connection', () => { connections += 1; });
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  socket.on('data', () => socket.end());
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
server.listen(process.env.PORT);
`;

/** What a project's deploy.yaml says of the site; texts in YAML, each of whole lines. */
export interface EchoSite {
  /** Below `proxy:`, indented by two. */
  readonly proxy?: string;
  /** Below `tls:`, indented by two. */
  readonly tls?: string;
  /** Other sections. */
  readonly more?: string;
}

/** A project whose program tells what reaches it, with two instances of it on one lab host. */
export class EchoProject extends LabProject {
  constructor(host: LabHost) {
    super();
    this.addHost(host);
    mkdirSync(join(this.folder, 'secrets'));
    mkdirSync(join(this.folder, 'echo', 'public'), { recursive: true });
    this.put('echo/server.js', program);
    this.put('echo/public/app.css', 'body { color: black }\n'.repeat(200));
    this.declare();
  }

  /** Writes a file of the project, with what only its owner may read. */
  put(path: string, content: string | Buffer): void {
    writeFileSync(join(this.folder, path), content, { mode: 0o600 });
  }

  declare({ proxy = '', tls = '  provider: self-signed\n', more = '' }: EchoSite = {}): void {
    this.write(`name: echo
app:
  source: echo
  build: 'true'
  start: node server.js
  instances: 2
  health:
    steady: 1s
proxy:
  domains: [${echoName}]
  static:
    - { path: /assets/, folder: public, immutable: true }
${proxy}tls:
${tls}${more}environments:
  production:
    host:
      firewall:
        sshRate: 10000
`);
  }
}
