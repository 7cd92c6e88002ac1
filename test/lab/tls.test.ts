/** Certificates of an ACME server, from a bare host on: had, renewed, changed, and what is left when they cannot be had. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { AcmeServer } from './acme.ts';
import { Browser } from './browser.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';
import { askSite, type Question } from './site.ts';

const name = 'notes.example.com';
const other = 'more.example.com';

for (const release of labReleases()) {
  const test = suite(`TLS with ${release}`);
  let acme: AcmeServer;
  let host: LabHost;
  let project: LabProject;
  let authority = '';
  let browser: Browser | undefined;

  test.before(async () => {
    acme = await AcmeServer.start(release);
    host = await startHost({ release, hostname: 'web-1' });
    await acme.serveDnsTo(host);
    await acme.setAddresses(name, { v4: [host.ipAddress] });
    authority = await acme.root();
    project = new LabProject();
    project.addHost(host);
    mkdirSync(join(project.folder, 'secrets'));
    writeFileSync(join(project.folder, 'secrets', 'ca.pem'), acme.authority, { mode: 0o600 });
    wanting([name]);
  });
  test.after(async () => {
    await Promise.all([acme?.stop(), host?.stop(), browser?.stop()]);
    project?.remove();
  });

  /** Writes a deploy.yaml of a site with some names, whose certificate comes from the ACME server. */
  const wanting = (names: readonly string[]) => {
    project.reset();
    project.edit('- localhost', names.map((one) => `- ${one}`).join('\n    '));
    project.edit(
      'tls:\n  provider: none\n',
      `tls:\n  provider: acme\n  server: ${acme.directory}\n  serverCa: ACME_CA\n  email: ops@example.com\n\nsecrets:\n  ACME_CA: { from: file, path: secrets/ca.pem }\n`,
    );
  };
  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const apply = async (code = 0): Promise<Run> => {
    const run = await project.run('apply');
    expectExit(run, code);
    return run;
  };
  const ask = (question: Partial<Question> = {}) => askSite(host, { name, authority, ...question });
  /** Every certificate that there ever was. */
  const issued = () => host.sh('ls /etc/letsencrypt/archive/notes-*/cert*.pem');
  /** What the host does by itself about once an hour. */
  const lookAgain = () => host.exec(['systemctl', 'start', 'notes-certificate-renewal.service']);
  const forgetTries = () => host.sh('rm -f /var/lib/fairlead/notes/certificate.tries');
  /**
   * Asks the site all the time while something is done, each client one request after the other over connections of their own, and
   * returns what was not answered with 200.
   */
  const meanwhile = async (work: () => Promise<unknown>, { clients = 1, pause = 50 } = {}): Promise<string[]> => {
    const misses: string[] = [];
    let asked = 0;
    let going = true;
    const client = async () => {
      while (going) {
        asked += 1;
        const said = await ask().then(
          ({ status }) => String(status),
          (error: Error) => error.message,
        );
        if (said !== '200') misses.push(said);
        await sleep(pause);
      }
    };
    const asking = Promise.all(Array.from({ length: clients }, client));
    try {
      await work();
    } finally {
      going = false;
      await asking;
    }
    assert.ok(asked > 3 * clients, 'the site was asked');
    return misses;
  };

  test('a bare host has HTTPS after one apply, and the second plan is empty', async () => {
    await apply();
    const site = await ask();
    assert.is(site.status, 200);
    assert.equal(site.names, [name]);
    const plain = await ask({ plain: true, path: '/a?b=c' });
    assert.is(plain.status, 308);
    assert.is(plain.headers.location, `https://${name}/a?b=c`);
    expectExit(await project.run('plan'), 0);
    const stranger = await ask({ authority: acme.authority }).catch((error: Error) => error.message);
    assert.match(String(stranger), /certificate/, 'the control: another authority');
  });

  test('a browser that trusts the authority is led to HTTPS and shows the notes', async () => {
    const asked = `http://${name}/api/notes?limit=2`;
    browser = await Browser.start({ address: host.ipAddress, authority });
    const page = await browser.open(asked);
    assert.equal([page.status, page.url, page.redirects], [200, asked.replace('http:', 'https:'), [asked]]);
    assert.is(page.protocol, 'TLS 1.3');
    assert.ok(Array.isArray(JSON.parse(page.text).notes), page.text);
    const stranger = await Browser.start({ address: host.ipAddress });
    try {
      const refused = await stranger.open(asked).catch((error: Error) => error.message);
      assert.match(String(refused), /ERR_CERT_AUTHORITY_INVALID/, 'the control');
    } finally {
      await stranger.stop();
    }
  });

  test('status says until when, and that all is well', async () => {
    const status = await project.run('status', '--json');
    expectExit(status, 0);
    const { certificate, units, problems } = JSON.parse(status.stdout).hosts[0];
    assert.equal(problems, []);
    assert.is(certificate.state, 'installed');
    assert.is(certificate.served.serial, (await ask()).serial);
    const timer = units.find((unit: { name: string }) => unit.name === 'notes-certificate-renewal.timer');
    assert.ok(Date.parse(timer.next) > Date.now(), JSON.stringify(timer));
  });

  test('looking again and again, by Certbot, by the host and by applies, brings no other certificate', async () => {
    const before = await issued();
    const bundle = 'REQUESTS_CA_BUNDLE=/etc/fairlead/notes/secrets/ACME_CA';
    for (let round = 0; round < 3; round++) await host.sh(`${bundle} certbot renew --no-random-sleep-on-renew 2>&1`);
    assert.is((await lookAgain()).exitCode, 0);
    for (let round = 0; round < 2; round++) await apply();
    assert.is(await issued(), before);
    assert.match(await host.sh('cat /etc/letsencrypt/renewal/notes-*.conf'), /^renew_before_expiry = 720 hours/);
  });

  test('challenges are answered while the maintenance page is on', async () => {
    const folder = '/var/lib/fairlead/acme/.well-known/acme-challenge';
    await host.sh(`mkdir -p ${folder}; echo here >${folder}/probe`);
    project.edit('\nproxy:\n', '\nproxy:\n  maintenance:\n    enabled: true\n');
    await apply();
    assert.is((await ask()).status, 503);
    const page = await browser?.open(`https://${name}/`);
    assert.equal([page?.status, page?.title], [503, 'Maintenance']);
    assert.is(page?.text.trim(), 'We are at work here and will be back soon.');
    const probe = await ask({ plain: true, path: '/.well-known/acme-challenge/probe' });
    assert.is(probe.status, 200);
    assert.is(probe.body, 'here\n');
    assert.equal(
      await host.sh(`rm ${folder}/probe; openssl x509 -noout -serial </etc/fairlead/notes/tls/fullchain.pem`),
      `serial=${(await ask()).serial}`,
    );
    wanting([name]);
    await apply();
    assert.is((await ask()).status, 200);
  });

  /** As Certbot's own timer would once it is due; the folder of hooks runs then. */
  const renewNow = () =>
    host.sh(
      'REQUESTS_CA_BUNDLE=/etc/fairlead/notes/secrets/ACME_CA certbot renew --force-renewal --no-random-sleep-on-renew 2>&1',
    );

  test('a renewal is served at once, and no request is lost meanwhile', async () => {
    const before = (await ask()).serial;
    assert.equal(await meanwhile(renewNow, { clients: 16, pause: 0 }), []);
    assert.is.not((await ask()).serial, before);
    expectExit(await project.run('status'), 0);
    expectExit(await project.run('plan'), 0);
  });

  test('a hook that fails leaves the old certificate, which status tells; the next look mends it', async () => {
    const before = (await ask()).serial;
    await host.sh('echo "nonsense on;" >/etc/nginx/conf.d/broken.conf');
    assert.match(await renewNow(), /all renewals succeeded/, 'Certbot does not mind');
    assert.is((await ask()).serial, before);
    const status = await project.run('status');
    expectExit(status, 1);
    assert.match(status.text, /the certificate: Nginx did not take up the new certificate; the old one is live/);
    assert.match(status.text, /the certificate was renewed \(serial \w+\), and the one of before/);
    await host.sh('rm /etc/nginx/conf.d/broken.conf');
    assert.is((await lookAgain()).exitCode, 0);
    assert.is.not((await ask()).serial, before);
    expectExit(await project.run('status'), 0);
  });

  test('a domain comes and goes, and the site is up throughout', async () => {
    await acme.setAddresses(other, { v4: [host.ipAddress] });
    wanting([name, other]);
    assert.equal(await meanwhile(() => apply()), []);
    assert.equal([...(await ask({ name: other })).names].sort(), [other, name]);
    wanting([name]);
    assert.equal(await meanwhile(() => apply()), []);
    assert.equal((await ask()).names, [name]);
    const refused = await ask({ name: other }).catch((error: Error) => error.message);
    assert.match(String(refused), /unrecognized name|handshake/i, 'a name that left is a stranger');
    expectExit(await project.run('plan'), 0);
  });

  const leadHere = (one: string) => acme.setAddresses(one, { v4: [host.ipAddress] });
  const fromServer = () => `add rule inet test input ip saddr ${acme.address} tcp dport 80 drop`;

  /** What keeps a certificate for one more name from being had, how that is set up and taken away, and what must be said of it. */
  const obstacles: readonly {
    readonly title: string;
    /** A server may remember that a name was proven. */
    readonly more: string;
    readonly begin: (more: string) => Promise<unknown>;
    readonly end: (more: string) => Promise<unknown>;
    readonly says: readonly RegExp[];
  }[] = [
    {
      title: 'no name in the DNS',
      more: 'one.example.com',
      begin: (more) => acme.setAddresses(more, {}),
      end: leadHere,
      says: [/DNS: one\.example\.com has no address/, /the ACME server issued nothing: one\.example\.com: \S/],
    },
    {
      title: 'a name that leads elsewhere',
      more: 'two.example.com',
      begin: (more) => acme.setAddresses(more, { v4: [acme.address] }),
      end: leadHere,
      says: [/port 80: [\d.]+ does not answer for two\.example\.com: Failed to connect/],
    },
    {
      title: 'an IPv6 address that leads elsewhere',
      more: 'three.example.com',
      begin: (more) => acme.setAddresses(more, { v4: [host.ipAddress], v6: ['2001:db8::9'] }),
      end: leadHere,
      says: [/port 80: 2001:db8::9 does not answer for three\.example\.com/],
    },
    {
      title: 'port 80 closed to the server',
      more: 'four.example.com',
      begin: async (more) => {
        await leadHere(more);
        const chain = 'add chain inet test input { type filter hook input priority -200; }';
        await host.sh(`nft 'add table inet test; ${chain}; ${fromServer()}'`);
      },
      end: () => host.sh('nft delete table inet test'),
      says: [/four\.example\.com: .*(timeout|timed out|refused|deadline)/i],
    },
    {
      title: 'no ACME server',
      more: 'five.example.com',
      begin: async (more) => {
        await leadHere(more);
        await acme.hide(true);
      },
      end: () => acme.hide(false),
      says: [/the ACME server issued nothing: .*(refused|Connection|connect)/i],
    },
  ];

  for (const { title, more, begin, end, says } of obstacles) {
    test(`${title}: all else is in place, the site is up, and the message is clear`, async () => {
      const before = (await ask()).serial;
      try {
        await begin(more);
        wanting([name, more]);
        let text = '';
        const misses = await meanwhile(async () => {
          text = (await apply(4)).text;
        });
        assert.equal(misses, []);
        for (const wanted of says) assert.match(text, wanted);
        assert.match(text, /^web-1: incomplete.*all is in place but: \w+ notes-certificate\.service/m);
        assert.match(text, /the next try is not before 20\d\d-/);
        assert.is((await ask()).serial, before);
        assert.is((await ask({ name: more, plain: true })).status, 308, 'the new name is there already');
        expectExit(await project.run('plan'), 2);
        const status = await project.run('status');
        expectExit(status, 1);
        for (const wanted of says) assert.match(status.text, wanted);
      } finally {
        await end(more);
      }
      await forgetTries();
      await apply();
      assert.equal([...(await ask({ name: more })).names].sort(), [name, more].sort());
      expectExit(await project.run('status'), 0);
    });
  }

  test('a wildcard is proven by a DNS hook of the program, which runs as its user and with its token', async () => {
    wanting([name]);
    await apply();
    const wild = new LabProject();
    try {
      wild.addHost(host);
      for (const folder of ['wild', 'secrets']) mkdirSync(join(wild.folder, folder));
      writeFileSync(join(wild.folder, 'secrets', 'ca.pem'), acme.authority, { mode: 0o600 });
      writeFileSync(join(wild.folder, 'secrets', 'token'), 'open sesame', { mode: 0o600 });
      writeFileSync(
        join(wild.folder, 'wild', 'server.js'),
        "require('node:http').createServer((request, response) => response.end(request.headers.host)).listen(process.env.PORT);\n",
      );
      writeFileSync(
        join(wild.folder, 'wild', 'dns-hook.js'),
        `const { readFileSync } = require('node:fs');
const token = readFileSync(process.env.DNS_CREDENTIALS_FILE, 'utf8').trim();
if (token !== 'open sesame' || process.getuid() === 0) throw new Error('not as it should be');
const host = '_acme-challenge.' + process.env.CERTBOT_DOMAIN + '.';
const [what, value] = process.argv[2] === 'auth' ? ['set-txt', process.env.CERTBOT_VALIDATION] : ['clear-txt'];
fetch('${acme.dnsApi}/' + what, { method: 'POST', body: JSON.stringify({ host, value }) }).then(({ ok }) => process.exit(ok ? 0 : 1));
`,
      );
      const wantingWild = (more = '') =>
        wild.write(`name: wild
app: { source: wild, build: 'true', start: node server.js, instances: 1, health: { ready: / } }
proxy: { domains: ['*.wild.example.com', wild.example.com${more}] }
tls:
  provider: acme
  server: ${acme.directory}
  serverCa: ACME_CA
  email: ops@example.com
  challenge: dns
  dnsHook: dns-hook.js
  dnsCredentials: DNS_TOKEN
host: { manage: false }
secrets:
  ACME_CA: { from: file, path: secrets/ca.pem }
  DNS_TOKEN: { from: file, path: secrets/token }
`);
      wantingWild();
      expectExit(await wild.run('apply'), 0);
      const site = await ask({ name: 'any.wild.example.com', path: '/' });
      assert.is(site.body, 'any.wild.example.com');
      assert.equal([...site.names].sort(), ['*.wild.example.com', 'wild.example.com']);
      expectExit(await wild.run('plan'), 0);
      assert.equal((await ask()).names, [name], 'the other project has its own');
      writeFileSync(join(wild.folder, 'secrets', 'token'), 'another one', { mode: 0o600 });
      wantingWild(', other.example.org');
      const failed = await wild.run('apply');
      expectExit(failed, 4);
      assert.match(failed.text, /not as it should be|wild\.example\.com/);
      assert.is((await ask({ name: 'any.wild.example.com', path: '/' })).serial, site.serial, 'the one in place stays');
    } finally {
      wild.remove();
    }
  });

  test('a second proxy shares the challenges, and gets its certificate by itself once the server is there', async () => {
    const second = await startHost({ release, image: 'warm', hostname: 'web-2' });
    try {
      await acme.serveDnsTo(second);
      project.addHost(host, { isPeer: true });
      project.addHost(second, { isPeer: true });
      // Nobody has an account there any more: neither would a request of the first host help, nor is one made.
      await acme.serve(100);
      const run = await project.run('apply');
      expectExit(run, 4);
      assert.match(run.text, /^web-1: converged/m);
      assert.match(run.text, /web-2 .*\| the ACME server issued nothing: .*nonce/);
      assert.match(run.text, /^web-2: incomplete/m);
      const placeholder = await askSite(second, { name });
      assert.is(placeholder.status, 200);
      assert.is((await askSite(second, { name, plain: true })).status, 308);
      await acme.serve();
      await second.sh('rm -f /var/lib/fairlead/notes/certificate.tries');
      // The name leads to the first one alone, which has to ask the second for the answer.
      const look = 'systemctl start notes-certificate-renewal.service || { journalctl -n 40 -o cat; exit 1; }';
      await second.sh(look);
      const site = await askSite(second, { name, authority: await acme.root() });
      assert.equal(site.names, [name]);
      for (
        let tries = 0;
        (await second.exec(['systemctl', 'is-active', 'notes-certificate.service'])).exitCode !== 0;
        tries++
      ) {
        assert.ok(tries < 50, 'the unit that stands for the certificate runs');
        await sleep(200);
      }
      expectExit(await project.run('plan'), 0);
      expectExit(await project.run('status'), 0);
    } finally {
      await second.stop();
    }
  });

  test.run();
}
