import { objectIn, optional, type Problem, textIn, timeOf } from './reading.ts';

/** A certificate, by its serial (hexadecimal) and its end in UTC (RFC 3339). */
export interface CertificateOf {
  readonly serial: string;
  readonly notAfter: string;
}

export interface CertificateStatus {
  /** `placeholder` until there is one, then `installed`, or `failed` when the last look at it failed. */
  readonly state: string;
  /** Why the last look failed; empty otherwise. */
  readonly problem: string;
  /** In UTC (RFC 3339): when it was looked at last. */
  readonly checked?: string;
  /** How many days before its end it is renewed by itself; absent for one of your own. */
  readonly renewedDays?: number;
  /** What the issuer gave, what lies where Nginx reads it, and what Nginx shows to clients. */
  readonly issued?: CertificateOf;
  readonly installed?: CertificateOf;
  readonly served?: CertificateOf;
}

/** Reads the state file, the hours of renewal and the serials that a host tells. */
export function certificateIn(
  text: string | undefined,
  hours: string | undefined,
  serials: readonly string[],
): CertificateStatus | undefined {
  if (text === undefined) return undefined;
  const known = objectIn(text);
  const found = new Map(
    serials.map((line) => {
      const [which = '', serial = '', end = ''] = line.split(' ');
      return [which, { serial, notAfter: timeOf(Number(end)) }] as const;
    }),
  );
  return {
    state: textIn(known?.state) ?? 'unknown',
    problem: textIn(known?.problem) ?? '',
    ...optional('checked', textIn(known?.checked)),
    ...optional('renewedDays', Number(hours) > 0 ? Number(hours) / 24 : undefined),
    ...optional('issued', found.get('issued')),
    ...optional('installed', found.get('installed')),
    ...optional('served', found.get('served')),
  };
}

/** The certificate of the server of the database, from the same lines. */
export const databaseCertificateIn = (serials: readonly string[]): CertificateOf | undefined => {
  const [, serial, end] = serials.find((line) => line.startsWith('database '))?.split(' ') ?? [];
  return serial === undefined ? undefined : { serial, notAfter: timeOf(Number(end)) };
};

/** What is wrong with that one, which nobody renews. @param now seconds since 1970, by the host's clock. */
export function databaseCertificateProblems(certificate: CertificateOf | undefined, now: number): Problem[] {
  if (!certificate) return [];
  const left = (Date.parse(certificate.notAfter) / 1000 - now) / DAY;
  if (left >= replaceDays) return [];
  const message =
    left < 0 ? `has expired on ${certificate.notAfter}` : `ends on ${certificate.notAfter}, in ${left.toFixed(1)} days`;
  const fix = 'put a new one into the secrets that database.tls names, then npm run apply';
  return [{ message: `the certificate of the database ${message}`, fix }];
}

/** Days before its end at which a certificate that nobody renews by itself should be replaced. */
const replaceDays = 14;

const DAY = 86_400;

/** What is wrong with it. @param now seconds since 1970, by the host's clock. */
export function certificateProblems(certificate: CertificateStatus | undefined, now: number): Problem[] {
  if (!certificate) return [];
  return [...standing(certificate), ...mismatches(certificate), ...ending(certificate, now)];
}

const again = 'mend that, then npm run apply; the host also tries by itself';

function standing({ state, problem }: CertificateStatus): Problem[] {
  if (state === 'failed') return [{ message: `the certificate: ${problem}`, fix: again }];
  const fix = 'ask for one with npm run apply';
  return state === 'placeholder' ? [{ message: 'there is no certificate yet, only a placeholder', fix }] : [];
}

/** What was issued must be in place, and what is in place must be what clients are shown. */
function mismatches({ issued, installed, served }: CertificateStatus): Problem[] {
  const problems: Problem[] = [];
  if (issued && installed && issued.serial !== installed.serial)
    problems.push({
      message: `the certificate was renewed (serial ${issued.serial}), and the one of before (${installed.serial}) is still in place`,
      fix: 'npm run apply; or start, on the host, the unit whose name ends in -certificate-install.service',
    });
  if (installed && served && installed.serial !== served.serial)
    problems.push({
      message: `Nginx serves the certificate ${served.serial}, and not ${installed.serial}, which is in place`,
      fix: 'on the host: nginx -t, then systemctl reload nginx',
    });
  return problems;
}

function ending({ renewedDays, installed, served }: CertificateStatus, now: number): Problem[] {
  const shown = served ?? installed;
  if (!shown || !installed) return [];
  const left = (Date.parse(shown.notAfter) / 1000 - now) / DAY;
  if (left < 0) return [{ message: `the certificate has expired on ${shown.notAfter}`, fix: again }];
  // Half of the time in which it should have been renewed is over.
  if (left >= (renewedDays === undefined ? replaceDays : renewedDays / 2)) return [];
  const message = `the certificate ends on ${shown.notAfter}, in ${left.toFixed(1)} days, and was not renewed`;
  return [{ message, fix: renewedDays === undefined ? 'put a new one into the secrets, then npm run apply' : again }];
}
