import { unreachable } from './failures.ts';
import { capture } from './local.ts';

/** Kinds of host certificates in the order in which they are asked for; most servers have the first. */
export const certificateTypes = ['ed25519', 'ecdsa', 'rsa'] as const;

/**
 * The host certificates of one kind that an SSH server shows, as blobs; nobody vouches for them yet. ssh2 knows no certificates,
 * so that ssh-keyscan(1) of OpenSSH asks.
 *
 * @param host whose diagnostics it is.
 * @param timeout in seconds.
 * @throws DiagnosticsError (exit code 8) when there is no ssh-keyscan.
 */
export async function scanCertificates(
  host: string,
  address: string,
  port: number,
  type: (typeof certificateTypes)[number],
  timeout: number,
): Promise<Buffer[]> {
  const args = ['-c', '-T', String(timeout), '-t', type, '-p', String(port), address];
  const { exitCode, stdout } = await capture('ssh-keyscan', args, '/');
  if (exitCode === undefined) {
    throw unreachable(
      host,
      'keyscan-missing',
      'host.yaml trusts a certificate authority (@cert-authority), and there is no ssh-keyscan here to read host certificates',
      'install the OpenSSH client (apt-get install openssh-client), or pin the plain host key instead',
    );
  }
  return stdout.split('\n').flatMap(certificateOf);
}

/** The certificate in a line, which is its type and base64 (seen with OpenSSH 9.2); a server's name may stand before them. */
function certificateOf(line: string): Buffer[] {
  const words = line.split(' ');
  const type = words.findIndex((word) => word.endsWith('-cert-v01@openssh.com'));
  return type < 0 || line.startsWith('#') ? [] : [Buffer.from(words[type + 1] ?? '', 'base64')];
}
