import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { LabHost } from './host.ts';

export interface Question {
  readonly name: string;
  readonly path?: string;
  /** Over plain HTTP. */
  readonly plain?: boolean;
  /** Authority that the certificate must come from, in PEM; without it, any certificate will do. */
  readonly authority?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

export interface SiteAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Serial of the certificate, and the names in it; empty over plain HTTP. */
  readonly serial: string;
  readonly names: readonly string[];
}

/** Asks a site of a lab host from outside, over a new connection. @throws Error when there is no answer, or no trust. */
export function askSite(host: LabHost, question: Question): Promise<SiteAnswer> {
  const { name, path = '/api/notes', plain = false, authority, headers = {}, method = 'GET' } = question;
  const common = {
    host: '127.0.0.1',
    path,
    method,
    agent: false as const,
    timeout: 10_000,
    headers: { host: name, ...headers },
  };
  return new Promise((resolve, reject) => {
    const asked = plain
      ? plainRequest({ ...common, port: host.httpPort })
      : secureRequest({
          ...common,
          port: host.httpsPort,
          servername: name,
          ...(authority ? { ca: authority } : { rejectUnauthorized: false }),
        });
    asked.on('response', (response) => {
      const certificate = plain ? undefined : (response.socket as TLSSocket).getPeerCertificate();
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          serial: certificate?.serialNumber ?? '',
          names: (certificate?.subjectaltname ?? '').split(', ').map((one) => one.replace('DNS:', '')),
        }),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 10 s')));
    asked.on('error', reject);
    asked.end();
  });
}
