import { timingSafeEqual } from 'node:crypto';
import { printable } from '../diagnostic.ts';
import { signedBy } from './signature.ts';
import { WireReader, wireString } from './wire.ts';

/** What a host certificate must stand up to. */
export interface Trust {
  /** Public keys of the authorities: type and base64, as in an authorized_keys file. */
  readonly authorities: readonly string[];
  /** The address as host.yaml has it, which the certificate must name. */
  readonly address: string;
  /** Seconds since 1970. */
  readonly now: number;
}

/** The plain public key that a certificate vouches for (type and base64), or why it vouches for nothing. */
export type Verdict = { readonly key: string } | { readonly problem: string };

/** Kinds of plain keys with the number of fields that each has in a certificate. */
const fieldsOf: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
};

const SUFFIX = '-cert-v01@openssh.com';
const HOST_CERTIFICATE = 2;

interface Certificate {
  readonly key: string;
  readonly type: number;
  readonly principals: readonly string[];
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly criticalOptions: Buffer;
  readonly authority: Buffer;
  readonly signature: Buffer;
  /** All that the signature covers. */
  readonly body: Buffer;
}

/**
 * Judges a host certificate of OpenSSH (PROTOCOL.certkeys) more strictly than ssh(1): it must be signed by one of the given
 * authorities, name the address itself (no patterns, no empty list of principals), be valid now and have no critical option, for
 * none is defined for hosts. Signatures with SHA-1 are refused.
 *
 * @param blob the certificate as it goes over the wire; may be anything.
 */
export function verifyHostCertificate(blob: Buffer, trust: Trust): Verdict {
  try {
    const certificate = parse(blob);
    const problem = problemOf(certificate, trust);
    return problem === undefined ? { key: certificate.key } : { problem };
  } catch (error) {
    return { problem: `it is damaged: ${(error as Error).message}` };
  }
}

function parse(blob: Buffer): Certificate {
  const reader = new WireReader(blob);
  const key = plainKey(reader);
  reader.uint64(); // The serial number decides nothing.
  const type = reader.uint32();
  reader.string(); // Nor does the key id.
  const principals = reader.list();
  const [validAfter, validBefore] = [reader.uint64(), reader.uint64()];
  const criticalOptions = reader.string();
  reader.string(); // Extensions of host certificates: none is defined, and unknown ones are to be ignored.
  reader.string();
  const authority = reader.string();
  const body = blob.subarray(0, reader.at);
  const signature = reader.string();
  if (!reader.done) throw new Error('something follows the signature');
  return { key, type, principals, validAfter, validBefore, criticalOptions, authority, signature, body };
}

/** The plain form of the key that a certificate begins with. */
function plainKey(reader: WireReader): string {
  const certified = reader.text();
  const type = certified.endsWith(SUFFIX) ? certified.slice(0, -SUFFIX.length) : '';
  const fields = fieldsOf[type];
  if (fields === undefined)
    throw new Error(`${printable(certified).slice(0, 60)} is no kind of certificate known here`);
  reader.string(); // The nonce.
  const values = Array.from({ length: fields }, () => wireString(reader.string()));
  return `${type} ${Buffer.concat([wireString(type), ...values]).toString('base64')}`;
}

function problemOf(certificate: Certificate, { authorities, address, now }: Trust): string | undefined {
  const { authority, principals, validAfter, validBefore } = certificate;
  if (!authorities.some((pinned) => same(Buffer.from(pinned.split(' ')[1] ?? '', 'base64'), authority)))
    return 'it is signed by an authority that host.yaml does not name';
  if (!signedBy(authority, certificate.body, certificate.signature)) return 'its signature is wrong';
  if (certificate.type !== HOST_CERTIFICATE) return 'it is a certificate of a user, not of a host';
  if (!principals.some((name) => name.toLowerCase() === address.toLowerCase())) return misnamed(principals, address);
  if (BigInt(now) < validAfter) return `it is not valid before ${moment(validAfter)}`;
  if (BigInt(now) >= validBefore) return `it expired at ${moment(validBefore)}`;
  if (certificate.criticalOptions.length > 0) return 'it has a critical option, and none is known for hosts';
  return undefined;
}

const misnamed = (principals: readonly string[], address: string) =>
  principals.length === 0
    ? `it names no host, but must name ${address}`
    : `it is for ${principals.slice(0, 5).map(printable).join(', ')}, not for ${address}`;

const same = (one: Buffer, other: Buffer) => one.length === other.length && timingSafeEqual(one, other);

/** Seconds since 1970 for people; a time beyond the year 275760 is no Date any more. */
function moment(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString();
}
