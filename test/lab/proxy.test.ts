/** The site as clients meet it, good ones and bad ones. Each check that something is refused has a control that is not. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { EchoProject, echoName as name } from './echo.ts';
import { type LabHost, startHost } from './host.ts';
import type { Run } from './project.ts';
import { labReleases } from './releases.ts';
import { askSite, type Question } from './site.ts';

for (const release of labReleases()) {
  const test = suite(`the site with ${release}`);
  let host: LabHost;
  let project: EchoProject;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    project = new EchoProject(host);
    expectExit(await project.run('apply'), 0);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const ask = (question: Partial<Question> = {}) => askSite(host, { name, path: '/', ...question });
  const told = async (question: Partial<Question> = {}) => JSON.parse((await ask(question)).body);
  /** What a shell on the host prints, whatever comes of it. */
  const output = async (script: string) => {
    const { stdout, stderr } = await host.exec(['sh', '-c', script]);
    return `${stdout}${stderr}`;
  };

  test('its configuration has no fault and no warning', async () => {
    assert.not.match(await output('nginx -t'), /warn|emerg/);
    const twice = `server { listen 80; server_name ${name}; }`;
    await host.sh(`echo '${twice}' >/etc/nginx/conf.d/twice.conf`);
    assert.match(await output('nginx -t'), /\[warn\].*conflicting server name/, 'the control');
    await host.sh('rm /etc/nginx/conf.d/twice.conf');
  });

  test('TLS 1.0 and 1.1 are refused to a client that really offers them', async () => {
    const offer = (version: string, port: number, more = `-servername ${name}`) =>
      output(
        `timeout 5 openssl s_client -connect 127.0.0.1:${port} ${more} -${version} -cipher ALL@SECLEVEL=0 </dev/null 2>&1`,
      );
    await host.sh(`openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=weak -keyout /tmp/k -out /tmp/c 2>/dev/null
systemd-run --quiet --unit=weak openssl s_server -accept 9443 -key /tmp/k -cert /tmp/c -cipher ALL@SECLEVEL=0 -www`);
    await sleep(500);
    for (const version of ['tls1', 'tls1_1']) {
      assert.match(await offer(version, 443), /alert protocol version/, version);
      assert.not.match(await offer(version, 443, '-noservername'), /Cipher is ECDHE|Cipher is AES/, version);
      assert.match(await offer(version, 9443), /Protocol *: TLSv1/, `${version}: the control`);
    }
    assert.match(await offer('tls1_2', 443), /Cipher is ECDHE/, 'the control');
    await host.sh('systemctl stop weak; rm /tmp/k /tmp/c');
  });

  test('strangers are refused, by their name in the handshake and by that in the request', async () => {
    const stranger = (await ask({ name: 'evil.invalid' }).catch((error: Error) => error.message)) as string;
    assert.match(stranger, /unrecognized name|handshake failure|disconnected|ECONNRESET/);
    const code = async (...more: string[]) =>
      (await output(`curl -sk -o /dev/null -w '%{http_code}' ${more.join(' ')}; echo " $?"`)).trim();
    const here = `--resolve ${name}:443:127.0.0.1 https://${name}/`;
    assert.match(await code('-H', "'Host: evil.invalid'", here), /^000 (52|56|92)$/);
    assert.match(await code('-H', "'Host: evil.invalid'", '--http1.1', here), /^000 (52|56)$/);
    assert.match(await code('-H', "'Host: evil.invalid'", 'http://127.0.0.1/'), /^000 (52|56)$/);
    assert.is(await code(here), '200 0', 'the control');
  });

  test('security headers are on every answer, once', async () => {
    const lacking = ({ headers }: { headers: NodeJS.Dict<string | string[]> }, more: readonly string[] = []) =>
      ['strict-transport-security', 'x-content-type-options', 'referrer-policy', ...more].filter((one) => {
        const value = headers[one];
        return typeof value !== 'string' || (one !== 'referrer-policy' && value.includes(','));
      });
    for (const path of ['/', '/assets/app.css', '/assets/none.css', '/missing'])
      assert.equal(lacking(await ask({ path })), [], path);
    assert.is((await ask({ path: '/missing' })).status, 404);
    assert.is((await ask()).headers['x-powered-by'], undefined);
    assert.is((await ask()).headers.server, 'nginx');
    await host.sh("systemctl stop 'echo-*@*.service'");
    const gone = await ask();
    assert.is(gone.status, 502);
    assert.equal(lacking(gone), [], '502');
    expectExit(await project.run('apply'), 0);
    const plain = await ask({ plain: true });
    assert.ok(lacking(plain).includes('strict-transport-security'), 'the control: plain HTTP sends none');
  });

  test('files are cached for ever and compressed', async () => {
    const file = await ask({ path: '/assets/app.css', headers: { 'accept-encoding': 'gzip' } });
    assert.is(file.status, 200);
    assert.match(String(file.headers['cache-control']), /max-age=31536000, immutable/);
    assert.is(file.headers['content-encoding'], 'gzip');
    assert.is((await ask({ path: '/assets/none.css' })).headers['cache-control'], undefined, 'the control');
  });

  test('the program sees the real address and host, whatever a client claims', async () => {
    const headers = {
      'x-forwarded-for': '6.6.6.6',
      'x-real-ip': '6.6.6.6',
      'x-forwarded-proto': 'gopher',
      proxy: 'http://evil',
    };
    const seen = (await told({ headers })).headers;
    assert.is.not(seen['x-forwarded-for'], '6.6.6.6');
    assert.is(seen['x-forwarded-for'], seen['x-real-ip']);
    assert.is(seen['x-forwarded-proto'], 'https');
    assert.is(seen.host, name);
    assert.is(seen.proxy, undefined);
    const direct = "curl -s --unix-socket /run/echo/live/1.sock -H 'X-Forwarded-For: 6.6.6.6' http://x/";
    assert.is(JSON.parse(await output(direct)).headers['x-forwarded-for'], '6.6.6.6', 'the control: past the proxy');
  });

  test('connections to the program are kept', async () => {
    const made = async (ask: () => Promise<{ pid: number; connections: number }>) => {
      const first = new Map<number, number>();
      const last = new Map<number, number>();
      for (let count = 0; count < 50; count++) {
        const { pid, connections } = await ask();
        if (!first.has(pid)) first.set(pid, connections);
        last.set(pid, connections);
      }
      return [...last].reduce((sum, [pid, connections]) => sum + connections - (first.get(pid) ?? 0), 0);
    };
    assert.ok((await made(() => told())) <= 5);
    const direct = async () => JSON.parse(await output('curl -s --unix-socket /run/echo/live/1.sock http://x/'));
    assert.ok((await made(direct)) >= 49, 'the control: a new one each time');
  });

  test('a request that may do something twice is not repeated when its instance dies', async () => {
    const pids = async () => (await host.sh("systemctl show -p MainPID --value 'echo-*@*.service' | sort")).split('\n');
    const sockets = ['1', '2'].map((number) => `curl -sf --unix-socket /run/echo/live/${number}.sock http://x/readyz`);
    const bothAnswer = async () => {
      for (let tries = 0; (await host.exec(['sh', '-c', sockets.join(' && ')])).exitCode !== 0; tries++) {
        assert.ok(tries < 50, 'both instances answer');
        await sleep(200);
      }
    };
    const died = async (method: string) => {
      await bothAnswer();
      const before = (await pids()).filter((pid) => /^[1-9]/.test(pid));
      assert.is(before.length, 2);
      assert.is((await ask({ path: '/die', method })).status, 502);
      await sleep(300);
      const after = await pids();
      return before.filter((pid) => !after.includes(pid)).length;
    };
    assert.is(await died('POST'), 1);
    assert.is(await died('GET'), 2, 'the control');
    await bothAnswer();
  });

  test('WebSockets are passed on', async () => {
    const upgrade = (more: string) =>
      output(
        `curl -sk --http1.1 -o /dev/null -w '%{http_code}' --max-time 3 ${more} --resolve ${name}:443:127.0.0.1 https://${name}/ws`,
      );
    const asks =
      "-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='";
    assert.is((await upgrade(asks)).trim(), '101');
    assert.is((await upgrade('')).trim(), '200', 'the control');
  });

  /**
   * Opens connections that send the beginning of a request, and then a byte a second. Says after how many milliseconds a fresh request
   * was answered, and how many of the slow ones are still open after 12 seconds.
   */
  const besiege = async (count: number): Promise<{ answered: number; open: number }> => {
    const sockets: Socket[] = [];
    const until = Date.now() + 12_000;
    const dripping = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a');
    }, 1000);
    try {
      for (let number = 0; number < count; number++) {
        const socket = connect(80, host.ipAddress);
        socket.on('error', () => undefined);
        socket.write(`GET / HTTP/1.1\r\nHost: ${name}\r\nX-Slow: `);
        sockets.push(socket);
      }
      await sleep(500);
      assert.ok(sockets.filter(({ connecting }) => !connecting).length > count * 0.9, 'they are in');
      const began = Date.now();
      let answered = Number.POSITIVE_INFINITY;
      while (answered === Number.POSITIVE_INFINITY && Date.now() < until) {
        const answer = await ask({ plain: true }).catch(() => undefined);
        if (answer?.status === 308) answered = Date.now() - began;
        else await sleep(200);
      }
      await sleep(until - Date.now());
      return {
        answered,
        open: sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === 'open').length,
      };
    } finally {
      clearInterval(dripping);
      for (const socket of sockets) socket.destroy();
    }
  };

  test('600 slow clients keep nobody out, and are cut off', async () => {
    const { answered, open } = await besiege(600);
    assert.ok(answered < 12_000, `answered after ${answered} ms`);
    assert.is(open, 0);
  });

  test('the control: with the time that Nginx gives by default they stay', async () => {
    await host.sh(`cp /etc/nginx/nginx.conf /root/nginx.conf
sed -i 's/client_header_timeout .*/client_header_timeout 60s;/' /etc/nginx/nginx.conf
systemctl restart nginx`);
    const { open } = await besiege(600);
    assert.ok(open > 500, `${open} are open`);
    await host.sh('cp /root/nginx.conf /etc/nginx/nginx.conf; systemctl restart nginx');
    expectExit(await project.run('plan'), 0);
  });

  test('Nginx runs in its sandbox, and can do there what it must', async () => {
    const shown = await output(
      'systemctl show nginx -p ProtectSystem -p NoNewPrivileges -p MemoryDenyWriteExecute -p RestrictNamespaces -p Restart -p PrivateDevices',
    );
    for (const line of [
      'ProtectSystem=strict',
      'NoNewPrivileges=yes',
      'MemoryDenyWriteExecute=yes',
      'Restart=on-failure',
      'PrivateDevices=yes',
    ])
      assert.ok(shown.split('\n').includes(line), `${line} in\n${shown}`);
    const inside = (unit: string) =>
      output(`pid=$(systemctl show -p MainPID --value ${unit})
grep -E '^(NoNewPrivs|Seccomp):' /proc/$pid/status | tr '\\n\\t' '  '
nsenter -t $pid -m touch /etc/inside 2>&1 && rm /etc/inside && echo writable`);
    const nginx = await inside('nginx');
    assert.match(nginx, /NoNewPrivs: *1 +Seccomp: *2/);
    assert.match(nginx, /Read-only file system/);
    const ssh = await inside('ssh');
    assert.match(ssh, /NoNewPrivs: *0 +Seccomp: *0/, 'the control');
    assert.match(ssh, /writable/, 'the control');
    const exposure = (threshold: number) =>
      host.exec(['systemd-analyze', 'security', `--threshold=${threshold}`, 'nginx.service']);
    assert.is((await exposure(30)).exitCode, 0, (await exposure(30)).stdout.split('\n').at(-1));
    assert.is((await exposure(10)).exitCode, 1, 'the control');
  });

  test('Nginx rotates its logs, and comes back when it is killed', async () => {
    await host.sh('logrotate --force /etc/logrotate.d/fairlead-echo');
    await ask({ path: '/after-the-rotation' });
    await sleep(300);
    const line = (await host.sh('grep after-the-rotation /var/log/nginx/echo/access.log')).split('\n')[0] ?? '';
    const entry = JSON.parse(line);
    assert.is(entry.path, '/after-the-rotation');
    assert.is(entry.upstream_status, '200');
    assert.ok(Number(entry.upstream_response) >= 0 && entry.id.length === 32);
    await host.sh('kill -9 $(systemctl show -p MainPID --value nginx)');
    for (let tries = 0; (await ask().catch(() => undefined))?.status !== 200; tries++) {
      assert.ok(tries < 100, 'it serves again');
      await sleep(200);
    }
  });

  test('secrets in a query stay out of the log', async () => {
    await ask({ path: '/private?token=s3cr3t' });
    await sleep(300);
    assert.match(await host.sh('cat /var/log/nginx/echo/access.log'), /"path":"\/private"/);
    assert.not.match(await host.sh('cat /var/log/nginx/echo/access.log'), /s3cr3t/);
  });

  test('the maintenance page answers for all but what watches the program', async () => {
    project.declare({ proxy: '  maintenance: { enabled: true, message: Back at noon., retryAfter: 10m }\n' });
    expectExit(await project.run('apply'), 0);
    const page = await ask();
    assert.is(page.status, 503);
    assert.match(page.body, /Back at noon\./);
    assert.is(page.headers['retry-after'], '600');
    assert.match(String(page.headers['strict-transport-security']), /max-age/);
    assert.is((await ask({ path: '/readyz' })).status, 200);
    assert.is((await ask({ path: '/healthz' })).status, 200);
    project.declare();
    expectExit(await project.run('apply'), 0);
    assert.is((await ask()).status, 200);
  });

  test.run();
}
