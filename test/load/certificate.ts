import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureCommand } from '../support/packages.ts';

/** In PEM. */
export interface Certificate {
  /** The certificate of the authority that signed the other. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes an authority and a certificate of it for some names and addresses, valid for some days. */
export async function makeCertificate(names: readonly string[], days = 2): Promise<Certificate> {
  await ensureCommand('openssl', ['openssl']);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-certificate-'));
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: folder });
  try {
    writeFileSync(
      join(folder, 'names'),
      `subjectAltName=${names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',')}\n`,
    );
    const itself = [
      'req',
      '-x509',
      '-days',
      String(days),
      '-subj',
      '/CN=Authority of a test',
      '-out',
      'ca.pem',
      '-keyout',
      'ca.key',
    ];
    await openssl(...itself, ...newKey);
    await openssl('req', '-subj', `/CN=${names[0]}`, '-out', 'site.csr', '-keyout', 'site.key', ...newKey);
    const signed = [
      'x509',
      '-req',
      '-in',
      'site.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      String(days),
    ];
    await openssl(...signed, '-extfile', 'names', '-out', 'site.pem');
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { authority: read('ca.pem'), certificate: read('site.pem'), key: read('site.key') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
