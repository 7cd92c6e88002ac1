import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMap, isScalar, parseDocument, stringify } from 'yaml';
import { failure } from '../diagnostic.ts';
import type { ResolvedSecretsFile } from '../spec/types.ts';
import { decrypt, encrypt } from './age.ts';
import { readIdentities } from './identity.ts';

/** The encrypted file of a project, and who opens it. */
export interface SecretsFile {
  /** Folder of deploy.yaml. */
  readonly folder: string;
  readonly settings: ResolvedSecretsFile;
  /** Variables of this process. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Values by the name of their secret. */
export type SecretMap = Readonly<Record<string, string>>;

const pathOf = ({ folder, settings }: SecretsFile) => join(folder, settings.path);

/** Whether the file is there yet. */
export const secretsFileExists = (file: SecretsFile): boolean => existsSync(pathOf(file));

/** Decrypts the file; one that is not there yet holds nothing. @throws DiagnosticsError when it cannot be read. */
export async function readSecretsFile(file: SecretsFile): Promise<SecretMap> {
  const { settings, folder, environment } = file;
  if (!secretsFileExists(file)) return {};
  const identities = readIdentities(settings.identityFile, folder, environment);
  const text = await decrypt(readFileSync(pathOf(file), 'utf8'), identities, settings.path);
  const read = readMap(text);
  if ('values' in read) return read.values;
  throw failure({
    code: 'secrets.content',
    subject: settings.path,
    message: `${settings.path} decrypts to something else than names and values: ${read.problem}`,
    fix: 'correct it with "npm run secrets -- edit"',
  });
}

/** Decrypts the file to its text, which may be no valid map. @throws DiagnosticsError when it cannot be decrypted. */
export async function readSecretsText(file: SecretsFile): Promise<string> {
  const { settings, folder, environment } = file;
  if (!secretsFileExists(file)) return '';
  const identities = readIdentities(settings.identityFile, folder, environment);
  return decrypt(readFileSync(pathOf(file), 'utf8'), identities, settings.path);
}

/** Encrypts values to all recipients and replaces the file by a rename, so that it is never half-written. */
export async function writeSecretsFile(file: SecretsFile, values: SecretMap): Promise<void> {
  const path = pathOf(file);
  const armored = await encrypt(mapText(values), file.settings.recipients);
  mkdirSync(dirname(path), { recursive: true });
  const aside = `${path}.${process.pid}.new`;
  try {
    writeFileSync(aside, armored);
    renameSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Values as YAML, sorted by name. */
export const mapText = (values: SecretMap): string =>
  Object.keys(values).length === 0
    ? ''
    : stringify(Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))), { lineWidth: 0 });

/**
 * Reads names and values. Every value is text, whatever it looks like: `0123` keeps its zero. A problem names the line and
 * never what stands there.
 */
export function readMap(text: string): { readonly values: SecretMap } | { readonly problem: string } {
  const parsed = parseDocument(text, { schema: 'failsafe', prettyErrors: false, uniqueKeys: true });
  const [error] = parsed.errors;
  if (error) return { problem: `line ${lineAt(text, error.pos[0])} is not valid YAML (${error.code})` };
  if (parsed.contents === null) return { values: {} };
  if (!isMap(parsed.contents)) return { problem: 'write each secret as "NAME: value"' };
  const values: Record<string, string> = {};
  for (const { key, value } of parsed.contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const line = lineAt(text, (isScalar(key) && key.range?.[0]) || 0);
    if (!isSecretName(name)) return { problem: `line ${line} does not begin with the name of a secret` };
    if (!isScalar(value) || typeof value.value !== 'string' || value.value === '')
      return { problem: `line ${line}: ${name} has no value` };
    values[name] = value.value;
  }
  return { values };
}

/** Whether a text can name a secret (schema/sections/definitions.yaml, secretName). */
export const isSecretName = (name: string): boolean => /^[A-Z][A-Z0-9_]{0,63}$/.test(name);

const lineAt = (text: string, offset: number) => text.slice(0, offset).split('\n').length;
