import ssh2 from 'ssh2';
import { ExitCode, failure } from '../diagnostic.ts';

/** How long the host may take, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * The public key that an SSH server shows, as in a known_hosts file: type and blob. Nobody vouches for it: whoever uses it
 * compares its fingerprint with the host's own first. The connection ends before anything is proven or sent.
 *
 * @throws DiagnosticsError (exit code 8) when there is no answer.
 */
export function shownHostKey(address: string, port: number): Promise<string> {
  const client = new ssh2.Client();
  return new Promise((found, failed) => {
    let shown: string | undefined;
    client.on('error', (error) => {
      if (shown === undefined) failed(unreachable(address, port, error));
    });
    // A server that hangs up after its banner makes no error of it.
    client.on('close', () => failed(unreachable(address, port, new Error('it hung up'))));
    client.connect({
      host: address,
      port,
      username: 'nobody',
      readyTimeout: TIMEOUT,
      hostVerifier: (key: Buffer) => {
        shown = `${key.toString('latin1', 4, 4 + key.readUInt32BE(0))} ${key.toString('base64')}`;
        found(shown);
        return false;
      },
    });
  });
}

const unreachable = (address: string, port: number, error: Error) =>
  failure(
    {
      code: 'ssh.unreachable',
      subject: address,
      message: `${address}:${port} shows no host key: ${error.message}`,
      fix: 'check the address, or give the key itself: --host-key "$(cat ssh_host_ed25519_key.pub)"',
    },
    ExitCode.unreachable,
  );
