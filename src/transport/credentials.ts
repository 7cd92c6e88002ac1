import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { AgentAuthMethod, ParsedKey, PublicKeyAuthMethod } from 'ssh2';
import { type Diagnostic, ExitCode, failure } from '../diagnostic.ts';
import { type AgentKeys, agentKeys, isKey } from './agent.ts';
import type { Endpoint } from './endpoint.ts';
import { KEY_PASSPHRASE, type Logins } from './logins.ts';
import { type KeyFile, type LockedFile, readKeyFile, unlock } from './private-key.ts';

/** Proofs of identity, in the order in which they are offered. */
export type Offers = (AgentAuthMethod | PublicKeyAuthMethod)[];

const defaultKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/**
 * What to log in with. With an identityFile its key alone, as with IdentitiesOnly of ssh_config(5); the agent signs when it has
 * that key and the file is locked. Without one the agent's keys, then the usual files that need no passphrase; a locked one only
 * when there is nothing else.
 *
 * @param folder what a relative identityFile is relative to.
 * @throws DiagnosticsError when there is no key or passphrase (exit code 1), or it is of no use (exit code 8).
 */
export async function credentials(endpoint: Endpoint, folder: string, logins: Logins): Promise<Offers> {
  const agent = await agentKeys(process.env.SSH_AUTH_SOCK);
  if (endpoint.identityFile === undefined) return usual(endpoint, agent, logins);
  const file = read(pathOf(endpoint.identityFile, folder), endpoint);
  return [await offerOf(file, endpoint, agent, logins)];
}

const pathOf = (identityFile: string, folder: string) => resolve(folder, identityFile.replace(/^~(?=\/)/, homedir()));

async function usual(endpoint: Endpoint, agent: AgentKeys, logins: Logins): Promise<Offers> {
  const paths = defaultKeys.map((name) => resolve(homedir(), '.ssh', name)).filter((path) => existsSync(path));
  const files = paths.map((path) => read(path, endpoint));
  const open = files.flatMap((file) => (file.state === 'private' ? [file] : []));
  const fresh = open.filter(({ key }) => !agent.keys.some(isKey(key.getPublicSSH())));
  const offers = [...byAgent(endpoint, agent, agent.keys), ...fresh.map(({ key }) => byKey(endpoint, key))];
  if (offers.length > 0) return offers;
  const locked = files.find((file) => file.state === 'locked');
  if (locked) return [await offerOf(locked, endpoint, agent, logins)];
  throw problem(endpoint, {
    code: 'ssh.no-key',
    message: 'there is no key to log in with: no SSH agent has one, and none is in ~/.ssh',
    fix: `start an agent (eval "$(ssh-agent)"; ssh-add), or name a key in host.yaml: ${endpoint.prefix}identityFile: ~/.ssh/my_key`,
  });
}

async function offerOf(file: KeyFile, endpoint: Endpoint, agent: AgentKeys, logins: Logins): Promise<Offers[number]> {
  if (file.state === 'unusable') throw unusable(endpoint, file.path, file.problem);
  if (file.state === 'private') return byKey(endpoint, file.key);
  const blob = file.state === 'locked' ? file.publicBlob : file.key.getPublicSSH();
  const held = blob ? agent.keys.filter(isKey(blob)) : [];
  const [signed] = byAgent(endpoint, agent, held);
  if (signed) return signed;
  if (file.state === 'locked') return byKey(endpoint, await unlocked(file, endpoint, logins));
  throw notInAgent(endpoint, file.path);
}

const byKey = ({ user }: Endpoint, key: ParsedKey): PublicKeyAuthMethod => ({ type: 'publickey', username: user, key });

const byAgent = ({ user }: Endpoint, agent: AgentKeys, keys: readonly ParsedKey[]): AgentAuthMethod[] =>
  keys.length > 0 ? [{ type: 'agent', username: user, agent: agent.only(keys) }] : [];

/** Deriving a key from a passphrase is slow by design, and several hosts use the same file. */
const opened = new Map<string, ParsedKey>();

async function unlocked({ path, text }: LockedFile, endpoint: Endpoint, logins: Logins): Promise<ParsedKey> {
  const passphrase = await logins.passphrase(path);
  const known = opened.get(`${path}\0${text}\0${passphrase}`);
  if (known) return known;
  if (passphrase === undefined) throw noPassphrase(endpoint, path);
  const key = unlock(text, passphrase);
  if (!key) throw wrongPassphrase(endpoint, path);
  opened.set(`${path}\0${text}\0${passphrase}`, key);
  return key;
}

function read(path: string, endpoint: Endpoint): KeyFile {
  try {
    return readKeyFile(path);
  } catch (error) {
    throw problem(endpoint, {
      code: 'ssh.key-unreadable',
      message: `the key ${path} cannot be read: ${(error as Error).message}`,
      fix: `correct ${endpoint.prefix}identityFile in host.yaml, or the permissions of the key`,
    });
  }
}

type Text = Pick<Diagnostic, 'code' | 'message' | 'fix'>;

const problem = ({ host }: Endpoint, text: Text, code: ExitCode = ExitCode.error) =>
  failure({ subject: host, ...text }, code);

const unusable = (endpoint: Endpoint, path: string, why: string) =>
  problem(
    endpoint,
    {
      code: 'ssh.key-format',
      message: `the key ${path} cannot be used: ${why}`,
      fix: `name a private key of OpenSSH in host.yaml: ${endpoint.prefix}identityFile; "ssh-keygen -t ed25519" makes one`,
    },
    ExitCode.unreachable,
  );

const notInAgent = (endpoint: Endpoint, path: string) =>
  problem(endpoint, {
    code: 'ssh.key-not-in-agent',
    message: `${path} is a public key, and the SSH agent does not hold its private key`,
    fix: 'load the private key (ssh-add), or name its file in host.yaml',
  });

const noPassphrase = (endpoint: Endpoint, path: string) =>
  problem(endpoint, {
    code: 'ssh.passphrase-missing',
    message: `the key ${path} is locked with a passphrase, and nobody gave it`,
    fix: `load the key into an SSH agent (ssh-add ${path}), run this at a terminal, or set ${KEY_PASSPHRASE}`,
  });

const wrongPassphrase = (endpoint: Endpoint, path: string) =>
  problem(
    endpoint,
    {
      code: 'ssh.passphrase-wrong',
      message: `the passphrase does not open the key ${path}`,
      fix: `run this again and type it anew, or correct ${KEY_PASSPHRASE}; "ssh-keygen -yf ${path}" tries one`,
    },
    ExitCode.unreachable,
  );
