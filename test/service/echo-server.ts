/**
 * A program with WebSockets that drains as the service does: it sends back every text, answers a request to /<ms> after that
 * time, and ends on SIGTERM. Its environment is that of the service; with KEEP=no it does not tell Drain of its WebSockets.
 */
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../service/src/config.ts';
import { Drain } from '../../service/src/drain.ts';
import { listen } from '../../service/src/listen.ts';
import { createLog } from '../../service/src/log.ts';
import { acceptance, close, frame, frames, text } from './websocket.ts';

const config = readConfig(process.env);
const log = createLog('info');
const server = createServer();
const drain = new Drain(server, log);

server.on('request', async (request, response) => {
  await sleep(Number(request.url?.slice(1)));
  response.end('done');
});

server.on('upgrade', (request, socket, head) => {
  if (process.env.KEEP !== 'no') drain.keepWebSocket(socket);
  const accept = acceptance(String(request.headers['sec-websocket-key']));
  const headers = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\n`);
  // A connection that breaks is no failure of the program.
  echo(socket, head).catch((error: Error) => log.info('broken', { error: error.message }));
});

async function echo(socket: Duplex, head: Buffer) {
  for await (const { opcode, payload } of frames(socket, head)) {
    if (opcode === text) socket.write(frame(text, payload));
    else if (opcode === close) break;
  }
  socket.end();
}

process.once('SIGTERM', async () => process.exit((await drain.run(config.drain)) ? 0 : 1));
await listen(server, config.address);
log.info('listening');
