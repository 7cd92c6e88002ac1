import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemMediaType } from '../errors.ts';

const statusByCode: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Answers what Node's HTTP parser refuses, which never reaches Express, with a problem document too. */
export function answerMalformedRequests(server: Server) {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex & { bytesWritten?: number }) => {
    // Once a response has gone out, another one could be taken for the answer to a request that was fine.
    if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten) socket.destroy();
    else socket.end(malformedResponse(statusByCode[error.code ?? ''] ?? 400));
  });
}

function malformedResponse(status: number): string {
  const problem = new Problem(status, 'The request could not be read.');
  const body = JSON.stringify(problem.document(randomUUID()));
  const headers = [
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `HTTP/1.1 ${status} ${problem.title}\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}
