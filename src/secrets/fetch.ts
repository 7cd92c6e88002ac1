import type { HostManifest } from '../compile/manifest.ts';
import type { Pin } from '../compile/secrets/pin.ts';
import { type Diagnostic, DiagnosticsError } from '../diagnostic.ts';
import { secretsIn } from '../resources/secret-file.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import type { DigestKey } from './digest-key.ts';
import { readSecretsFile } from './secrets-file.ts';
import { SourceProblem, type Surroundings, sources } from './sources.ts';
import { SecretValue } from './value.ts';

/** Values that were fetched, and why others could not be, by the name of the secret. */
export interface Secrets {
  readonly values: ReadonlyMap<string, SecretValue>;
  readonly problems: ReadonlyMap<string, Diagnostic>;
}

/** For a project that needs none. */
export const noSecrets: Secrets = { values: new Map(), problems: new Map() };

/** A secret that hosts need from here, and what its value has to fit. */
interface Need {
  readonly name: string;
  /** Whether it stands in a file of some language as it is. */
  readonly plain: boolean;
  /** Whether it stands in a file as a hash. */
  readonly hashed: boolean;
}

/** Largest value in bytes; a credential of systemd may have a megabyte, all of a unit's together. */
const MAX_BYTES = 65_536;

/**
 * Fetches the value of every secret that the manifests need and no host makes itself. One line break at the end is left out.
 * Commands run one after the other, since each may ask something. Never throws: what is missing is a problem.
 */
export async function fetchSecrets(
  manifests: readonly HostManifest[],
  spec: ResolvedSpec,
  { folder, environment }: Omit<Surroundings, 'secretsFile'>,
): Promise<Secrets> {
  let opened: ReturnType<typeof readSecretsFile> | undefined;
  const secretsFile = () => {
    opened ??= readSecretsFile({ folder, settings: spec.secretsFile, environment });
    return opened;
  };
  const values = new Map<string, SecretValue>();
  const problems = new Map<string, Diagnostic>();
  for (const need of needsOf(manifests)) {
    try {
      values.set(need.name, await fetchOne(need, spec, { folder, environment, secretsFile }));
    } catch (error) {
      problems.set(need.name, problemOf(need.name, spec, error));
    }
  }
  return { values, problems };
}

/** The secrets of all manifests that come from elsewhere than the host, sorted by name. */
function needsOf(manifests: readonly HostManifest[]): Need[] {
  const resources = manifests.flatMap((manifest) => manifest.resources);
  const texts = resources.flatMap((one) => (one.kind === 'secret-file' ? [secretsIn(one.content)] : []));
  const names = resources.flatMap((one) => (one.kind === 'secret' && one.bytes === undefined ? [one.secret] : []));
  return [...new Set(names)].sort().map((name) => ({
    name,
    plain: texts.some(({ plain }) => plain.has(name)),
    hashed: texts.some(({ hashed }) => hashed.has(name)),
  }));
}

async function fetchOne(need: Need, spec: ResolvedSpec, around: Surroundings): Promise<SecretValue> {
  const secret = spec.secrets[need.name];
  if (!secret) throw new SourceProblem('nothing declares it', `add ${need.name} to the section secrets`);
  const bytes = withoutLineBreak(await sources[secret.from](need.name, secret, around));
  refuseUnfit(bytes, need);
  return new SecretValue(need.name, bytes);
}

function withoutLineBreak(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

/** The same conditions as in apply/host/executor/secrets.sh, where the value goes into its files. */
function refuseUnfit(bytes: Uint8Array, { plain, hashed }: Need): void {
  if (bytes.length === 0) throw new SourceProblem('it is empty', 'give it a value');
  if (bytes.length > MAX_BYTES) throw new SourceProblem('it has more than 64 KiB', 'give it a shorter value');
  const text = Buffer.from(bytes).toString('latin1');
  if (plain && !/^[A-Za-z0-9_+/=.,:@~-]{1,4096}$/.test(text)) {
    throw new SourceProblem(
      'it stands in a configuration file, and has a character there that is none of letters, digits and _ + / = . , : @ ~ -',
      'choose another, such as what "openssl rand -hex 32" prints',
    );
  }
  if (hashed && !/^[^\0\r\n]{1,500}$/.test(text))
    throw new SourceProblem('it is a password, and has more than one line or 500 bytes', 'choose a shorter one');
}

function problemOf(name: string, { document }: ResolvedSpec, error: unknown): Diagnostic {
  const [inner] = error instanceof DiagnosticsError ? error.diagnostics : [];
  const { message, fix } = inner ?? sourceProblem(error);
  return document.problem(['secrets', name], 'key', {
    severity: 'error',
    code: inner?.code ?? 'secrets.unavailable',
    message: `the secret ${name} could not be fetched: ${message}`,
    fix,
  });
}

/** A file that cannot be read is a problem of its source; anything else is a fault of the program. */
function sourceProblem(error: unknown): SourceProblem {
  if (error instanceof SourceProblem) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  if (path === undefined) throw error;
  return new SourceProblem(`${path} cannot be read (${code})`, `let yourself read it: ls -l ${path}`);
}

/** What a plan may know of the values: their digests under a host's key, or why there is none. */
export function pinsOf({ values, problems }: Secrets, key: DigestKey | undefined): Map<string, Pin> {
  const missing = [...problems].map(([name, { message }]) => [name, { unchecked: message }] as const);
  const known = key ? [...values].map(([name, value]) => [name, { digest: key.digest(value.reveal()) }] as const) : [];
  return new Map<string, Pin>([...missing, ...known]);
}
