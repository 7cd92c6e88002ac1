import { randomBytes } from 'node:crypto';
import { sha256 } from '../plan/digest.ts';
import { Concealed } from './concealed.ts';

/**
 * The key under which a host's secrets are compared: random, made by the first apply that brings a secret, and kept on the host
 * (/var/lib/fairlead/<project>/digest-key) where only root reads it. Without it nobody can try values against a digest that
 * stands in a plan or a log.
 *
 * It has two halves of 64 hexadecimal digits, which are one block of SHA-256 each. A digest is SHA-256(outer ∥ SHA-256(inner ∥
 * SHA-256(value))), each hash in hexadecimal: HMAC (RFC 2104) of the value's hash, with independent keys in place of its two pads. So
 * a shell can make the digests of any number of files with sha256sum in three calls.
 */
export class DigestKey extends Concealed {
  readonly #inner: string;
  readonly #outer: string;

  private constructor(inner: string, outer: string) {
    super('digest key');
    this.#inner = inner;
    this.#outer = outer;
  }

  static random(): DigestKey {
    return new DigestKey(randomBytes(32).toString('hex'), randomBytes(32).toString('hex'));
  }

  /** Reads what `reveal` writes; undefined for anything else. */
  static parse(text: string): DigestKey | undefined {
    const [, inner, outer] = text.match(/^([0-9a-f]{64})\n([0-9a-f]{64})\n$/) ?? [];
    return inner === undefined || outer === undefined ? undefined : new DigestKey(inner, outer);
  }

  /** `keyed:` and 128 bits in hexadecimal. */
  digest(value: Uint8Array): string {
    const inside = sha256(this.#inner + sha256(value));
    return `keyed:${sha256(this.#outer + inside).slice(0, 32)}`;
  }

  /** The key as a file: a line for each half. */
  reveal(): Uint8Array {
    return Buffer.from(`${this.#inner}\n${this.#outer}\n`);
  }
}
