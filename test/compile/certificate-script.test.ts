/** The script around certificates, with programs of its own in the place of DNS, Certbot and systemd; openssl is real. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { ensureCommand } from '../support/packages.ts';
import { suite } from '../support/suite.ts';

const scripts = suite('the script around certificates');
const template = readFileSync(new URL('../../templates/certbot/certificate.sh.hbs', import.meta.url), 'utf8');

let folder = '';
const at = (...parts: string[]) => join(folder, ...parts);

/** Programs that the script finds instead of the real ones. */
const programs = {
  // A line of dns is "<type> <name> <what host(1) prints>".
  host: `for last; do :; done; type=$(printf '%s' "$*" | sed 's/.*-t \\([A-Z]*\\).*/\\1/'); sed -n "s/^$type \${last%.} //p" "$FAKE/dns"; exit 0`,
  // A line of web is "<address> <what curl prints>"; "token" stands for the right answer.
  curl: `for last; do :; done
address=$(printf '%s' "$*" | sed 's/.*--resolve [^ ]*:80:\\[\\{0,1\\}\\([^] ]*\\).*/\\1/')
said=$(sed -n "s/^$address //p" "$FAKE/web")
case $said in token) printf '%s\\n\\n200' "\${last##*/}" ;; *) printf "$said" ;; esac`,
  certbot: `printf '%s\\n' "$*" >>"$FAKE/asked"
cat "$FAKE/says"
[ ! -e "$FAKE/refuses" ] || exit 1
case $* in *--dry-run*) exit 0 ;; esac
mkdir -p "$(dirname "$CERTIFICATE")" "$FAKE/letsencrypt/renewal"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=site -keyout "$KEY" -out "$CERTIFICATE" 2>/dev/null
printf '# renew_before_expiry = 30 days\\n[renewalparams]\\n' >"$FAKE/letsencrypt/renewal/$LINEAGE.conf"`,
  // Nginx does not run, so that nothing has to be proven.
  systemctl: `printf '%s\\n' "$*" >>"$FAKE/systemctl.log"; case $1 in is-active) exit 3 ;; esac`,
};

scripts.before(() => ensureCommand('openssl', ['openssl']));
/** A test with a folder of its own. */
function test(title: string, body: () => void): void {
  scripts(title, () => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-certificate-script-'));
    try {
      prepare();
      body();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function prepare(): void {
  const moved = template
    .replace('PATH=/usr/local/sbin', `PATH=${at('bin')}:/usr/local/sbin`)
    .replaceAll('/etc/fairlead/', `${at('etc')}/`)
    .replaceAll('/var/lib/fairlead/', `${at('var')}/`)
    .replaceAll('/etc/letsencrypt/', `${at('letsencrypt')}/`);
  write('script', moved);
  for (const [name, text] of Object.entries(programs)) write(`bin/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
  for (const name of ['dns', 'web', 'says']) write(name, '');
  write('certbot.ini', 'domains = a.example.com\n');
}

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
  chmodSync(at(path), mode);
}

const settings = {
  PROJECT: 'notes',
  SERVER_NAME: 'a.example.com',
  HTTPS_PORT: '443',
  PROVE: 'yes',
  ISSUER: 'acme',
  NAMES: 'a.example.com',
  KEY_TYPE: 'ecdsa',
  RENEW_HOURS: '720',
  LINEAGE: 'notes',
  CHALLENGE: 'http',
  CAA_ISSUER: 'letsencrypt.org',
  REHEARSE: 'no',
};

function run(verb: string, more: Readonly<Record<string, string>> = {}) {
  const places = {
    FAKE: folder,
    WEBROOT: at('acme'),
    REQUEST_FILE: at('certbot.ini'),
    CERTIFICATE: at('letsencrypt/live/notes/fullchain.pem'),
    KEY: at('letsencrypt/live/notes/privkey.pem'),
  };
  const { status, stdout, stderr } = spawnSync('sh', [at('script'), verb], {
    env: { ...settings, ...places, ...more },
    encoding: 'utf8',
  });
  return { status, text: `${stdout}${stderr}` };
}

const state = () => JSON.parse(readFileSync(at('var/notes/certificate.json'), 'utf8'));
const asked = () => (existsSync(at('asked')) ? readFileSync(at('asked'), 'utf8').trim().split('\n') : []);
const tries = () => readFileSync(at('var/notes/certificate.tries'), 'utf8').split('\n')[0]?.split(' ') ?? [];
/** Seconds from now on to the next try. */
const until = () => Number(tries()[1]) - Date.now() / 1000;

const right = 'A a.example.com a.example.com has address 192.0.2.1\n';
const reachable = () => {
  write('dns', right);
  write('web', '192.0.2.1 token\n');
};
/** As Certbot 2.1 to 4.0 print it. */
const challengeFailed = `Requesting a certificate for a.example.com

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: a.example.com
  Type:   unauthorized
  Detail: 192.0.2.9: Invalid response from http://a.example.com/.well-known/acme-challenge/x: "no\\such page" 404

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.

Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile /var/log/letsencrypt/letsencrypt.log or re-run Certbot with -v for more details.
`;
const tooMany =
  'An unexpected error occurred:\nError creating new order :: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2099-03-04 05:06:07 UTC: see https://letsencrypt.org/docs/rate-limits/\n';

function refusing(says: string) {
  write('says', says);
  write('refuses', '');
}

test('asks once, and not again while the certificate is of the same request and not due', () => {
  reachable();
  assert.is(run('issue').status, 0);
  assert.is(asked().length, 1);
  assert.match(asked()[0]!, /^certonly .*--cert-name notes --key-type ecdsa --non-interactive --keep-until-expiring$/);
  assert.is(state().state, 'installed');
  assert.is(run('issue').status, 0);
  assert.is(run('renew').status, 0);
  assert.is(asked().length, 1);
  assert.is(run('issue', { RENEW_HOURS: '2400' }).status, 0);
  assert.is(asked().length, 2, 'one that is due');
  write('certbot.ini', 'domains = a.example.com,b.example.com\n');
  assert.is(run('issue').status, 0);
  assert.is(asked().length, 3, 'another request');
});

test('keeps the time of renewal where Certbot looks for it', () => {
  reachable();
  run('issue');
  assert.match(
    readFileSync(at('letsencrypt/renewal/notes.conf'), 'utf8'),
    /^renew_before_expiry = 720 hours\n\[renewal/,
  );
});

test('rehearses a new request, and does not ask the real server when that fails', () => {
  reachable();
  run('issue', { REHEARSE: 'yes' });
  assert.match(asked()[0]!, /--dry-run$/);
  assert.is(asked().length, 2);
  run('issue', { REHEARSE: 'yes', RENEW_HOURS: '2400' });
  assert.is(asked().length, 3, 'a renewal is not rehearsed');
  write('certbot.ini', 'domains = b.example.com\n');
  refusing(challengeFailed);
  const failed = run('issue', { REHEARSE: 'yes' });
  assert.is(failed.status, 1);
  assert.match(failed.text, /the rehearsal on the staging server failed: a\.example\.com: 192\.0\.2\.9: Invalid/);
  assert.is(asked().length, 4);
});

test('says what the server said, and when the next try makes sense', () => {
  reachable();
  refusing(challengeFailed);
  const failed = run('issue');
  assert.is(failed.status, 1);
  const { state: word, problem } = state();
  assert.is(word, 'failed');
  assert.match(
    problem,
    /^the ACME server issued nothing: a\.example\.com: 192\.0\.2\.9: Invalid response from \S+: "no\\such page" 404 \(unauthorized\); the next try is not before 20\d\d-\d\d-\d\d \d\d:\d\d UTC/,
  );
  assert.ok(failed.text.includes(problem), failed.text);
  assert.not.match(problem, /Ask for help/);
});

test('asks nobody again before that, but says once more why', () => {
  reachable();
  refusing(challengeFailed);
  run('issue');
  const again = run('issue');
  assert.is(again.status, 1);
  assert.match(again.text, /Invalid response from .*the next try is not before/);
  assert.is(again.text.match(/next try/g)?.length, 1);
  assert.is(run('renew').status, 0, 'nobody waits for the timer’s answer');
  assert.is(asked().length, 1);
  rmSync(at('var/notes/certificate.tries'));
  run('issue');
  assert.is(asked().length, 2, 'the control');
});

test('waits longer after each failure, and as long as the server says', () => {
  reachable();
  refusing(challengeFailed);
  for (const [count, wait] of [60, 600, 6000, 86_400, 86_400].entries()) {
    run('issue');
    assert.is(Number(tries()[0]), count + 1);
    assert.ok(Math.abs(until() - wait) < 30, `${until()}`);
    const [, , request] = tries();
    writeFileSync(at('var/notes/certificate.tries'), `${count + 1} 1000 ${request} \nbefore\n`);
  }
  refusing(tooMany);
  assert.match(run('issue').text, /issued for this exact set.*not before 2099-03-04 05:06 UTC/);
});

test('asks at once when something else is wanted, or when what was in the way is gone', () => {
  refusing(challengeFailed);
  run('issue');
  assert.match(state().problem, /^DNS: a\.example\.com has no address \(no A and no AAAA record\); the ACME server/);
  run('issue');
  assert.is(asked().length, 1, 'it is still in the way');
  reachable();
  run('issue');
  assert.is(asked().length, 2);
  run('issue');
  assert.is(asked().length, 2, 'nothing was in the way the last time');
  write('certbot.ini', 'domains = b.example.com\n');
  run('issue');
  assert.is(asked().length, 3);
  assert.is(tries()[0], '1');
});

const caa = (records: string, name = 'a.example.com') => `${right}CAA ${name} ${name} has CAA record ${records}\n`;
const findings: readonly (readonly [string, { dns?: string; web?: string; names?: string }, RegExp | undefined])[] = [
  ['nothing where all is right', {}, undefined],
  [
    'a name that is not there',
    { dns: 'A a.example.com Host a.example.com. not found: 3(NXDOMAIN)\n' },
    /^DNS: there is no name a\.example\.com$/,
  ],
  [
    'a server that does not answer',
    { dns: 'A a.example.com ;; connection timed out; no servers could be reached\n' },
    /^DNS: the A record of a\.example\.com could not be read \(;; connection timed out/,
  ],
  [
    'an address that answers with something else',
    { web: '192.0.2.1 <h1>Welcome</h1>\\n200\n' },
    /^port 80: 192\.0\.2\.1 answers for a\.example\.com with 200 and not with the challenge/,
  ],
  [
    'an address that does not answer',
    { web: '192.0.2.1 \\n000curl: (7) Failed to connect to a.example.com port 80\n' },
    /^port 80: 192\.0\.2\.1 does not answer for a\.example\.com: Failed to connect/,
  ],
  [
    'the second of two addresses',
    {
      dns: `${right}AAAA a.example.com a.example.com has IPv6 address 2001:db8::1\n`,
      web: '192.0.2.1 token\n2001:db8::1 \\n404\n',
    },
    /^port 80: 2001:db8::1 answers for a\.example\.com with 404/,
  ],
  [
    'another issuer in the CAA records',
    { dns: caa('0 issue "other.example"') },
    /^CAA: the records of a\.example\.com allow other\.example, not letsencrypt\.org; add: a\.example\.com CAA 0 issue "letsencrypt\.org"$/,
  ],
  [
    'nobody in the CAA records of the domain above',
    { dns: caa('0 issue ";"', 'example.com') },
    /^CAA: the records of example\.com allow nobody, not/,
  ],
  [
    'nothing where CAA names the issuer, with parameters',
    { dns: caa('0 issue "letsencrypt.org; validationmethods=http-01"') },
    undefined,
  ],
  ['nothing where CAA only names an address for reports', { dns: caa('0 iodef "mailto:ops@example.com"') }, undefined],
  [
    'what CAA says of wildcards',
    {
      names: '*.example.com',
      dns: `${caa('0 issue "letsencrypt.org"', 'example.com')}${caa('0 issuewild "other.example"', 'example.com')}`,
    },
    /allow other\.example.*issuewild/,
  ],
];

for (const [title, { dns = right, web = '192.0.2.1 token\n', names = 'a.example.com' }, wanted] of findings) {
  test(`finds beforehand ${title}`, () => {
    write('dns', dns);
    write('web', web);
    // Challenges for wildcards are no files.
    const { status, text } = run('preflight', { NAMES: names, ...(names.startsWith('*') ? { CHALLENGE: 'dns' } : {}) });
    assert.is(status, 0, text);
    const lines = text.split('\n').filter(Boolean);
    assert.is(lines.length, wanted ? 1 : 0, text);
    if (wanted) assert.match(lines[0]!, wanted);
  });
}

test('does not look at names for ever', () => {
  const names = { NAMES: 'a.example.com b.example.com' };
  const { text } = run('preflight', { ...names, PATIENCE: '0' });
  assert.is(text, 'not looked at, because the names before took too long: a.example.com\n');
  assert.match(
    run('preflight', names).text,
    /^DNS: a\.example\.com has no address .*\nDNS: b\.example\.com has/,
    'the control',
  );
});

test('asks all the same, since it may see less than the server does', () => {
  const issued = run('issue');
  assert.is(issued.status, 0, issued.text);
  assert.match(issued.text, /issued, although it was found beforehand:\nDNS: a\.example\.com has no address/);
  assert.not.ok(existsSync(at('var/notes/certificate.tries')));
});

test('signs one itself, for all names, and again when they change', () => {
  const self = {
    ISSUER: 'self',
    NAMES: '*.example.com example.com',
    CERTIFICATE: at('etc/notes/self-signed/c.pem'),
    KEY: at('etc/notes/self-signed/k.pem'),
  };
  assert.is(run('issue', self).status, 0);
  const text = () =>
    spawnSync('openssl', ['x509', '-in', self.CERTIFICATE, '-noout', '-ext', 'subjectAltName', '-serial'], {
      encoding: 'utf8',
    }).stdout;
  const first = text();
  assert.match(first, /DNS:\*\.example\.com, DNS:example\.com/);
  assert.is(run('renew', self).status, 0);
  assert.is(text(), first);
  assert.is(run('issue', { ...self, NAMES: 'example.com' }).status, 0);
  assert.not.match(text(), /\*/);
  assert.is(state().state, 'installed');
});

test('starts the unit that stands for the certificate once a renewal brought the first one', () => {
  reachable();
  assert.is(run('renew').status, 0);
  assert.match(readFileSync(at('systemctl.log'), 'utf8'), /^start --no-block notes-certificate\.service$/m);
});

scripts.run();
