import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { WireReader } from './wire.ts';

/** Hash of each signature algorithm that is accepted. `ssh-rsa`, which is RSA with SHA-1, is not among them (RFC 8332). */
const hashes: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
};

/** Curves by their name in SSH (RFC 5656), with the bytes of a coordinate. */
const curves: Readonly<Record<string, { readonly crv: string; readonly size: number }>> = {
  nistp256: { crv: 'P-256', size: 32 },
  nistp384: { crv: 'P-384', size: 48 },
  nistp521: { crv: 'P-521', size: 66 },
};

/** Shorter moduli are within reach of an attacker. */
const MINIMAL_RSA_BYTES = 2048 / 8;

/**
 * Whether `signature` is that of the owner of `key` over `body`; key and signature are blobs of the SSH protocol (RFC 4253,
 * section 6.6). A key or an algorithm that is not accepted counts as no signature.
 *
 * @throws RangeError when a blob ends too early.
 */
export function signedBy(key: Buffer, body: Buffer, signature: Buffer): boolean {
  const reader = new WireReader(signature);
  const [algorithm, value] = [reader.text(), reader.string()];
  const hash = hashes[algorithm];
  const owner = publicKey(key);
  if (hash === undefined || !reader.done || !owner) return false;
  if (owner.type !== (algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm)) return false;
  return verify(hash, body, { key: owner.object, dsaEncoding: 'ieee-p1363' }, owner.plain(value));
}

interface PublicKey {
  readonly type: string;
  readonly object: KeyObject;
  /** A signature in the form that node:crypto takes. */
  plain(value: Buffer): Buffer;
}

function publicKey(blob: Buffer): PublicKey | undefined {
  const reader = new WireReader(blob);
  const type = reader.text();
  if (type === 'ssh-ed25519') return ed25519(type, reader.string());
  if (type === 'ssh-rsa') return rsa(type, reader.string(), unsigned(reader.string()));
  return type.startsWith('ecdsa-sha2-') ? ecdsa(type, reader.text(), reader.string()) : undefined;
}

const fromJwk = (key: Record<string, string>) => createPublicKey({ key, format: 'jwk' });
const base64url = (bytes: Buffer) => bytes.toString('base64url');

function ed25519(type: string, point: Buffer): PublicKey {
  const object = fromJwk({ kty: 'OKP', crv: 'Ed25519', x: base64url(point) });
  return { type, object, plain: (value) => value };
}

function rsa(type: string, exponent: Buffer, modulus: Buffer): PublicKey | undefined {
  if (modulus.length < MINIMAL_RSA_BYTES) return undefined;
  const object = fromJwk({ kty: 'RSA', e: base64url(unsigned(exponent)), n: base64url(modulus) });
  return { type, object, plain: (value) => padded(value, modulus.length) };
}

/** The point is 4, x, y (SEC 1, uncompressed); a signature is r and s, each an mpint. */
function ecdsa(type: string, name: string, point: Buffer): PublicKey | undefined {
  const curve = curves[name];
  if (!curve || type !== `ecdsa-sha2-${name}` || point[0] !== 4 || point.length !== 1 + 2 * curve.size)
    return undefined;
  const [x, y] = [point.subarray(1, 1 + curve.size), point.subarray(1 + curve.size)];
  const object = fromJwk({ kty: 'EC', crv: curve.crv, x: base64url(x), y: base64url(y) });
  const plain = (value: Buffer) => {
    const reader = new WireReader(value);
    return Buffer.concat([
      padded(unsigned(reader.string()), curve.size),
      padded(unsigned(reader.string()), curve.size),
    ]);
  };
  return { type, object, plain };
}

/** An mpint without the zero that keeps it positive. */
const unsigned = (mpint: Buffer) => (mpint[0] === 0 ? mpint.subarray(1) : mpint);

const padded = (bytes: Buffer, size: number) =>
  bytes.length < size ? Buffer.concat([Buffer.alloc(size - bytes.length), bytes]) : bytes;
