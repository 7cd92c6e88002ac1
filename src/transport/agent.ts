import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';

type Key = ParsedKey | Buffer | string;

/** An SSH agent that shows some of its keys only. */
class Selection extends ssh2.BaseAgent<Key> {
  constructor(
    private readonly agent: ssh2.BaseAgent,
    private readonly keys: readonly ParsedKey[],
  ) {
    super();
  }

  getIdentities(done: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    done(null, [...this.keys]);
  }

  sign(key: Key, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback): void {
    if (typeof options === 'function') this.agent.sign(key, data, options);
    else this.agent.sign(key, data, options, done);
  }
}

/** What an SSH agent holds; no keys when none answers. */
export interface AgentKeys {
  readonly keys: readonly ParsedKey[];
  /** The agent as one that has nothing but the given keys of it. */
  only(keys: readonly ParsedKey[]): ssh2.BaseAgent;
}

/** How long an agent may take to list its keys, in milliseconds. */
const TIMEOUT = 5000;

/** Asks the agent that listens at a socket for its keys. An agent that does not answer counts as one without keys. */
export function agentKeys(socketPath: string | undefined): Promise<AgentKeys> {
  if (!socketPath) return Promise.resolve({ keys: [], only: nothing });
  const agent = ssh2.createAgent(socketPath);
  return new Promise((found) => {
    const none = setTimeout(() => found({ keys: [], only: nothing }), TIMEOUT);
    agent.getIdentities((error, listed) => {
      clearTimeout(none);
      const keys = error || !listed ? [] : listed.map((key) => key as ParsedKey);
      found({ keys, only: (some) => new Selection(agent, some) });
    });
  });
}

const nothing = (): never => {
  throw new Error('there is no agent to sign');
};

/** Whether two keys are the same public key. */
export const isKey =
  (blob: Buffer) =>
  (key: ParsedKey): boolean =>
    key.getPublicSSH().equals(blob);
