import { readFileSync } from 'node:fs';
import ssh2, { type ParsedKey } from 'ssh2';
import { WireReader } from './wire.ts';

/** A file with a private key, or with a public one, for which an agent must sign. */
export interface OpenFile {
  readonly state: 'private' | 'public';
  readonly path: string;
  readonly key: ParsedKey;
}

/** A file with a private key that needs a passphrase. `publicBlob` is its public key, where the format shows it. */
export interface LockedFile {
  readonly state: 'locked';
  readonly path: string;
  readonly text: string;
  readonly publicBlob?: Buffer;
}

/** A file that is no key of a known format. */
export interface UnusableFile {
  readonly state: 'unusable';
  readonly path: string;
  readonly problem: string;
}

/** A key file as it lies on the disk. */
export type KeyFile = OpenFile | LockedFile | UnusableFile;

/** Reads a key file. @throws Error of Node.js when it cannot be read. */
export function readKeyFile(path: string): KeyFile {
  const text = readFileSync(path, 'utf8');
  const key = parsed(text);
  if (!(key instanceof Error)) return { state: key.isPrivateKey() ? 'private' : 'public', path, key };
  if (!/no passphrase given/.test(key.message)) return { state: 'unusable', path, problem: key.message };
  const publicBlob = publicPart(text);
  return { state: 'locked', path, text, ...(publicBlob ? { publicBlob } : {}) };
}

/** Opens a locked key file; undefined when the passphrase is wrong. */
export function unlock(text: string, passphrase: string): ParsedKey | undefined {
  const key = parsed(text, passphrase);
  return key instanceof Error ? undefined : key;
}

function parsed(text: string, passphrase?: string): ParsedKey | Error {
  const key: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(text, passphrase);
  return Array.isArray(key) ? (key[0] as ParsedKey) : key;
}

const MAGIC = 'openssh-key-v1\0';

/** The public key in a locked file, which OpenSSH's own format (PROTOCOL.key) leaves readable. */
function publicPart(text: string): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  try {
    const reader = new WireReader(Buffer.from(body, 'base64'));
    if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) return undefined;
    for (const _ of ['cipher', 'derivation', 'its options']) reader.string();
    return reader.uint32() === 1 ? reader.string() : undefined;
  } catch {
    return undefined;
  }
}
