import { request } from 'node:https';
import { execa } from 'execa';
import { makeCertificate } from '../load/certificate.ts';
import { ensureCommand } from '../support/packages.ts';
import { type LabHost, startHost } from './host.ts';
import type { Release } from './releases.ts';

const name = 'acme.test';
/** Ports of Pebble, of its management, and of the DNS server's management. */
const ports = { acme: 14_000, pebble: 15_000, dns: 8055 } as const;

/** What a name of the DNS stands for. */
export interface Records {
  readonly v4?: readonly string[];
  readonly v6?: readonly string[];
}

/**
 * An ACME server (Pebble 2.4, Let's Encrypt's own for tests) and a DNS server whose answers tests set, on a lab host of their own.
 * Pebble asks for challenges at the usual port 80 of the addresses that this DNS gives.
 */
export class AcmeServer {
  readonly directory = `https://${name}:${ports.acme}/dir`;

  private constructor(
    private readonly host: LabHost,
    /** In PEM: the authority of the server's own certificate. */
    readonly authority: string,
  ) {}

  static async start(release: Release): Promise<AcmeServer> {
    await ensureCommand('pebble', ['pebble']);
    const { authority, certificate, key } = await makeCertificate([name]);
    const host = await startHost({ release, hostname: 'acme' });
    try {
      for (const program of ['pebble', 'pebble-challtestsrv']) {
        const { stdout } = await execa('sh', ['-c', `command -v ${program}`]);
        await execa('docker', ['cp', '--follow-link', stdout, `${host.containerId}:/usr/local/bin/${program}`]);
      }
      const listens = { listenAddress: `0.0.0.0:${ports.acme}`, managementListenAddress: `0.0.0.0:${ports.pebble}` };
      const challenges = { httpPort: 80, tlsPort: 443, ocspResponderURL: '', externalAccountBindingRequired: false };
      const own = { certificate: '/etc/acme/cert.pem', privateKey: '/etc/acme/key.pem' };
      const files = {
        'cert.pem': certificate,
        'key.pem': key,
        'pebble.json': JSON.stringify({ pebble: { ...listens, ...challenges, ...own } }),
      };
      await host.sh('mkdir -p /etc/acme');
      for (const [file, text] of Object.entries(files)) await host.exec(['tee', `/etc/acme/${file}`], { input: text });
      const off = ['-http01', '""', '-https01', '""', '-tlsalpn01', '""', '-defaultIPv4', '""', '-defaultIPv6', '""'];
      await host.sh(
        `systemd-run --quiet --unit=dns /usr/local/bin/pebble-challtestsrv -dns01 :53 -management :${ports.dns} ${off.join(' ')}`,
      );
      const server = new AcmeServer(host, authority);
      await server.answers(() => server.setAddresses(name, { v4: [host.ipAddress] }));
      await server.serve();
      return server;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** Lets Pebble serve, or serve anew. @param rejected percent of nonces that it does not take (RFC 8555, section 6.5). */
  async serve(rejected = 0): Promise<void> {
    await this.refuse();
    const settings = [`PEBBLE_WFE_NONCEREJECT=${rejected}`, 'PEBBLE_VA_NOSLEEP=1', 'PEBBLE_AUTHZREUSE=0'].map(
      (one) => `--setenv=${one}`,
    );
    await this.host.sh(
      `systemd-run --quiet --unit=pebble ${settings.join(' ')} /usr/local/bin/pebble -config /etc/acme/pebble.json -dnsserver 127.0.0.1:53`,
    );
    await this.answers(() => this.root());
  }

  /** Ends Pebble; the DNS goes on. */
  async refuse(): Promise<void> {
    await this.host.exec(['systemctl', 'stop', 'pebble']);
  }

  /** The certificate, in PEM, that browsers have to trust; another one each time that Pebble starts. */
  root(): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = {
        host: this.host.ipAddress,
        port: ports.pebble,
        path: '/roots/0',
        servername: name,
        ca: this.authority,
      };
      const asked = request({ ...options, timeout: 5000 }, (response) => {
        let text = '';
        response.on('data', (data: Buffer) => {
          text += data;
        });
        response.on('end', () => resolve(text));
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  /** What the DNS says of a name from now on; nothing, for a name without addresses. */
  async setAddresses(of: string, { v4 = [], v6 = [] }: Records): Promise<void> {
    await this.tell('clear-a', { host: of });
    await this.tell('clear-aaaa', { host: of });
    if (v4.length > 0) await this.tell('add-a', { host: of, addresses: v4 });
    if (v6.length > 0) await this.tell('add-aaaa', { host: of, addresses: v6 });
  }

  /** CAA records of a name (RFC 8659). */
  async setCaa(of: string, policies: readonly { readonly tag: string; readonly value: string }[]): Promise<void> {
    await this.tell('clear-caa', { host: of });
    if (policies.length > 0) await this.tell('add-caa', { host: of, policies });
  }

  /** Lets a host ask this DNS and no other; the archive of its packages stays known to it. */
  async serveDnsTo(host: LabHost): Promise<void> {
    await host.sh(`
for name in $(cat /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/* 2>/dev/null | grep -oE 'https?://[^/ ":;]+' | sed 's|.*//||' | sort -u); do
  getent ahosts "$name" | sed -n "1s/ .*/ $name/p" >>/etc/hosts
done
printf 'nameserver ${this.host.ipAddress}\\n' >/etc/resolv.conf`);
  }

  /** Where DNS records are set, as with the API of a provider of domains: set-txt and clear-txt take a JSON object. */
  get dnsApi(): string {
    return `http://${this.host.ipAddress}:${ports.dns}`;
  }

  /** Its address in Docker's network. */
  get address(): string {
    return this.host.ipAddress;
  }

  /** Lets the server's name lead to where nobody answers, and back. A Pebble that was restarted would know no account any more. */
  async hide(hidden: boolean): Promise<void> {
    await this.setAddresses(name, { v4: [hidden ? '127.0.0.1' : this.host.ipAddress] });
  }

  async stop(): Promise<void> {
    await this.host.stop();
  }

  private async tell(what: string, body: object): Promise<void> {
    const url = `http://${this.host.ipAddress}:${ports.dns}/${what}`;
    const { ok, status } = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    if (!ok) throw new Error(`the DNS server answered ${what} with ${status}`);
  }

  private async answers(ask: () => Promise<unknown>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await ask();
        return;
      } catch (error) {
        if (tries === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}
