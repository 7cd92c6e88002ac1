/** Other ways to a site than an ACME server's: certificates of one's own, load balancers, who may come in at all, HTTP/2 and HTTP/3. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { makeCertificate } from '../load/certificate.ts';
import { suite } from '../support/suite.ts';
import { EchoProject, type EchoSite, echoName as name } from './echo.ts';
import { type LabHost, startHost } from './host.ts';
import type { Run } from './project.ts';
import { labReleases } from './releases.ts';
import { askSite, type Question } from './site.ts';
import { openWebhook } from './webhook.ts';

for (const release of labReleases()) {
  const test = suite(`ways to the site with ${release}`);
  let host: LabHost;
  let project: EchoProject;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    project = new EchoProject(host);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const apply = async (site?: EchoSite) => {
    project.declare(site);
    expectExit(await project.run('apply'), 0);
    expectExit(await project.run('plan'), 0);
  };
  const ask = (question: Partial<Question> = {}) => askSite(host, { name, path: '/', ...question });
  /** What curl prints on the host itself, of the site over HTTPS. */
  const curl = async (...options: string[]) =>
    (
      await host.exec([
        'curl',
        '-sk',
        '--max-time',
        '10',
        '--resolve',
        `${name}:443:127.0.0.1`,
        ...options,
        `https://${name}/`,
      ])
    ).stdout;
  /** The address by which this machine reaches the host, and the host reaches it. */
  const here = async () => (await host.sh('ip route show default')).split(' ')[2] as string;

  test('a certificate of your own is served, and one that replaces it; its end is told in time', async () => {
    const webhook = await openWebhook(host);
    // A pair that does not fit fails its unit, which is told, too.
    const heard = () => webhook.heard.filter(({ alarm }) => alarm === 'certificate');
    try {
      project.put('secrets/webhook', webhook.url);
      const own = {
        tls: '  provider: files\n  certificate: SITE_CERTIFICATE\n  key: SITE_KEY\n',
        more: `observability:
  alerts:
    webhook: ALERT_WEBHOOK
secrets:
  SITE_CERTIFICATE: { from: file, path: secrets/site.pem }
  SITE_KEY: { from: file, path: secrets/site.key }
  ALERT_WEBHOOK: { from: file, path: secrets/webhook }
`,
      };
      const first = await makeCertificate([name], 60);
      project.put('secrets/site.pem', first.certificate);
      project.put('secrets/site.key', first.key);
      await apply(own);
      const before = await ask({ authority: first.authority });
      assert.is(before.status, 200);
      expectExit(await project.run('status'), 0);
      const look = () => host.sh('systemctl start echo-monitor.service');
      await look();
      assert.equal(heard(), [], 'the control: nothing is wrong');

      const short = await makeCertificate([name], 5);
      project.put('secrets/site.pem', short.certificate);
      const foreign = await project.run('apply');
      assert.is.not(foreign.exitCode, 0, 'a key of another certificate');
      assert.is((await ask({ authority: first.authority })).serial, before.serial);
      project.put('secrets/site.key', short.key);
      await apply(own);
      assert.is.not((await ask({ authority: short.authority })).serial, before.serial);
      const status = await project.run('status');
      expectExit(status, 1);
      assert.match(status.text, /the certificate ends on .*, in 5.0 days, and was not renewed/);
      assert.match(status.text, /put a new one into the secrets, then npm run apply/);
      await look();
      await look();
      assert.equal(
        heard().map(({ state }) => state),
        ['firing'],
        'told once',
      );
      assert.match(heard()[0]?.text ?? '', /certificate .* ends on /);

      project.put('secrets/site.pem', first.certificate);
      project.put('secrets/site.key', first.key);
      await apply(own);
      expectExit(await project.run('status'), 0);
      await look();
      assert.equal(
        heard().map(({ state }) => state),
        ['firing', 'resolved'],
      );
    } finally {
      webhook.close();
    }
  });

  test('only the load balancer may say who the client is, and that it came by HTTPS', async () => {
    await apply({ proxy: `  loadBalancer: { addresses: [${await here()}] }\n`, tls: '  provider: none\n' });
    expectExit(await project.run('status'), 0);
    assert.is((await host.sh("systemctl list-units --failed --no-legend --plain 'echo-*'")).trim(), '');
    const claims = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9', 'x-forwarded-proto': 'https' };
    const balanced = await ask({ plain: true, headers: claims });
    const seen = JSON.parse(balanced.body).headers;
    assert.is(seen['x-real-ip'], '203.0.113.9', 'what the load balancer added, and not what the client claimed');
    assert.is(seen['x-forwarded-for'], '203.0.113.9');
    assert.is(seen['x-forwarded-proto'], 'https');
    assert.match(String(balanced.headers['strict-transport-security']), /max-age/);
    const options = Object.entries(claims).map(([header, value]) => `-H '${header}: ${value}'`);
    const stranger = await host.sh(
      `curl -s -D /tmp/headers ${options.join(' ')} -H 'Host: ${name}' http://${host.ipAddress}/; cat /tmp/headers >&2`,
    );
    const strange = JSON.parse(stranger).headers;
    assert.is(strange['x-real-ip'], host.ipAddress, 'anybody else is who it is');
    assert.is(strange['x-forwarded-proto'], 'http');
    assert.not.match(await host.sh('cat /tmp/headers'), /strict-transport-security/i);
  });

  test('the same by the PROXY protocol', async () => {
    const site = { tls: '  provider: none\n' };
    await apply({ ...site, proxy: `  loadBalancer: { addresses: [${await here()}], protocol: proxy }\n` });
    const say = (port: number, address: string, line: string) =>
      new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(port, address, () =>
          socket.write(`${line}GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`),
        );
        socket.setEncoding('utf8').on('data', (data: string) => {
          text += data;
        });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(text));
      });
    const body = (answer: string) => JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)).headers;
    const line = 'PROXY TCP4 203.0.113.9 192.0.2.1 50000 443\r\n';
    const seen = body(await say(80, host.ipAddress, line));
    assert.is(seen['x-real-ip'], '203.0.113.9');
    assert.is(seen['x-forwarded-proto'], 'https');
    assert.is(await say(80, host.ipAddress, ''), '', 'without its line nothing is served');
    const spoken = `${line}GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
    const fromItself = `exec 3<>/dev/tcp/${host.ipAddress}/80; cat >&3; cat <&3`;
    const strange = body((await host.exec(['bash', '-c', fromItself], { input: spoken })).stdout);
    assert.is(strange['x-real-ip'], host.ipAddress, 'anybody else is who it is');
  });

  test('passwords, origins, addresses, stages of HSTS and files that the build compressed', async () => {
    project.put('secrets/guest', 'correct horse');
    const twin = gzipSync(Buffer.from('body { color: red }\n'));
    project.put('echo/public/app.css.gz', twin);
    await apply({
      proxy: `  auth: { realm: Staging, users: { guest: GUEST_PASSWORD }, everywhere: true }
  cors: { origins: ['https://www.example.com'], credentials: true }
`,
      tls: '  provider: self-signed\n  hsts: { maxAge: 1d, includeSubdomains: true }\n',
      more: 'secrets:\n  GUEST_PASSWORD: { from: file, path: secrets/guest }\n',
    });
    const asGuest = (password: string) => ({
      authorization: `Basic ${Buffer.from(`guest:${password}`).toString('base64')}`,
    });
    const refused = await ask();
    assert.is(refused.status, 401);
    assert.is(refused.headers['www-authenticate'], 'Basic realm="Staging"');
    assert.is((await ask({ headers: asGuest('wrong horse') })).status, 401);
    assert.is((await ask({ headers: asGuest('correct horse') })).status, 200);
    const files = (await host.sh("grep -rlE '^guest:' /etc/nginx /etc/fairlead")).trim().split('\n');
    assert.is(files.length, 1);
    assert.match(await host.sh(`cat ${files[0]}`), /^guest:\$/m);
    assert.not.match(await host.sh(`cat ${files[0]}`), /correct horse/);
    assert.match(await host.sh(`stat -c "%a" ${files[0]}`), /^[64][40]0$/);

    const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const preflight = (origin: string) => ask({ method: 'OPTIONS', headers: { ...asks, origin } });
    const allowed = await preflight('https://www.example.com');
    assert.is(allowed.status, 204, 'a preflight carries no password');
    assert.is(allowed.headers['access-control-allow-origin'], 'https://www.example.com');
    assert.is(allowed.headers['access-control-allow-credentials'], 'true');
    assert.match(String(allowed.headers['access-control-allow-methods']), /POST/);
    const other = await preflight('https://www.example.com.evil.invalid');
    assert.is(other.headers['access-control-allow-origin'], undefined);
    assert.is.not(other.status, 204);
    const answer = await ask({ headers: { ...asGuest('correct horse'), origin: 'https://www.example.com' } });
    assert.is(answer.headers['access-control-allow-origin'], 'https://www.example.com');
    assert.match(String(answer.headers.vary), /origin/i);

    assert.is(answer.headers['strict-transport-security'], 'max-age=86400; includeSubDomains');
    const file = async (more: Record<string, string>) =>
      ask({ path: '/assets/app.css', headers: { ...asGuest('correct horse'), ...more } });
    const compressed = await file({ 'accept-encoding': 'gzip' });
    assert.is(compressed.headers['content-encoding'], 'gzip');
    assert.is(compressed.headers['content-length'], String(twin.length), 'the twin, and nothing made anew');
    assert.is((await file({})).headers['content-encoding'], undefined, 'the control');

    await apply({ proxy: '  allow: [127.0.0.1]\n' });
    assert.is((await ask()).status, 403);
    assert.is(await curl('-o', '/dev/null', '-w', '%{http_code}'), '200', 'the control');
    assert.match(String((await ask()).headers['strict-transport-security']), /^max-age=300/);
    await apply({ proxy: '  deny: [127.0.0.1]\n' });
    assert.is((await ask()).status, 200, 'the control');
    assert.is(await curl('-o', '/dev/null', '-w', '%{http_code}'), '403');
  });

  test('HTTP/2 is spoken unless it is switched off, and HTTP/3 where it is switched on', async () => {
    const version = (...options: string[]) => curl('-o', '/dev/null', '-w', '%{http_version}', ...options);
    await apply();
    assert.is(await version(), '2');
    assert.is(await version('--http1.1'), '1.1');
    await apply({ proxy: '  http2: false\n' });
    assert.is(await version(), '1.1');
    project.declare({ proxy: '  http3: true\n' });
    if (release === 'debian-12') {
      const refused = await project.run('apply');
      assert.is.not(refused.exitCode, 0);
      assert.match(refused.text, /proxy\.http3/);
      return;
    }
    const quic = async () => (await host.exec(['sh', '-c', quicHandshake])).stdout;
    const quicHandshake = `timeout 5 openssl s_client -quic -alpn h3 -connect 127.0.0.1:443 -servername ${name} </dev/null 2>&1`;
    assert.not.match(await quic(), /ALPN protocol: h3/, 'the control');
    await apply({ proxy: '  http3: true\n' });
    assert.match(await quic(), /ALPN protocol: h3/);
    assert.match(String((await ask()).headers['alt-svc']), /h3=":443"/);
    assert.match(await host.sh('nft list ruleset'), /udp dport .*443/);
  });

  test.run();
}
