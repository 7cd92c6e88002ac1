import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Browser as Chromium, launch } from 'puppeteer-core';
import { ensureCommand } from '../support/packages.ts';

export interface BrowserSettings {
  /** Where all names of sites lead. */
  readonly address: string;
  /** Authority, in PEM, that it trusts beside those that it knows. */
  readonly authority?: string;
}

/** What a browser shows of a page. */
export interface Page {
  /** Where it came to in the end. */
  readonly url: string;
  readonly status: number;
  /** Addresses that led it on. */
  readonly redirects: readonly string[];
  readonly title: string;
  readonly text: string;
  /** Of the connection, such as "TLS 1.3"; empty over plain HTTP. */
  readonly protocol: string;
}

/** A real browser (Debian's Chromium), without a window and with a profile of its own. */
export class Browser {
  private constructor(
    private readonly home: string,
    private readonly chromium: Chromium,
  ) {}

  static async start({ address, authority }: BrowserSettings): Promise<Browser> {
    await ensureCommand('chromium', ['chromium']);
    await ensureCommand('certutil', ['libnss3-tools']);
    const home = mkdtempSync(join(tmpdir(), 'fairlead-browser-'));
    try {
      const known = join(home, '.pki', 'nssdb');
      mkdirSync(known, { recursive: true });
      await execa('certutil', ['-N', '-d', `sql:${known}`, '--empty-password']);
      if (authority !== undefined) {
        writeFileSync(join(home, 'authority.pem'), authority);
        const add = ['-A', '-n', 'test', '-t', 'C,,', '-i', join(home, 'authority.pem')];
        await execa('certutil', ['-d', `sql:${known}`, ...add]);
      }
      const chromium = await launch({
        executablePath: '/usr/bin/chromium',
        env: { ...process.env, HOME: home },
        userDataDir: join(home, 'profile'),
        args: [
          '--no-sandbox',
          '--disable-quic',
          // It would go to HTTPS by itself, and nothing would be seen of the site's own redirect.
          '--disable-features=HttpsUpgrades,HttpsFirstBalancedMode,HttpsFirstBalancedModeAutoEnable',
          `--host-resolver-rules=MAP * ${address}`,
        ],
      });
      return new Browser(home, chromium);
    } catch (error) {
      rmSync(home, { recursive: true, force: true });
      throw error;
    }
  }

  /** @throws Error with Chromium's own word, such as net::ERR_CERT_AUTHORITY_INVALID, when it shows no page of the site. */
  async open(url: string): Promise<Page> {
    const page = await this.chromium.newPage();
    try {
      const response = await page.goto(url, { timeout: 30_000 });
      if (!response) throw new Error(`${url} brought no answer`);
      return {
        url: page.url(),
        status: response.status(),
        redirects: response
          .request()
          .redirectChain()
          .map((request) => request.url()),
        title: await page.title(),
        text: await page.evaluate('document.body.innerText'),
        protocol: response.securityDetails()?.protocol() ?? '',
      } as Page;
    } finally {
      await page.close();
    }
  }

  async stop(): Promise<void> {
    await this.chromium.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}
