import type { ResolvedHostFile } from '../spec/types.ts';

/** An SSH server to log in to: a host, or the bastion before it. */
export interface Endpoint {
  /** The host that an error is about; for a bastion, one of the hosts behind it. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile?: string;
  readonly hostKeys: readonly string[];
  /** What its keys of host.yaml begin with: `jump.` for a bastion. */
  readonly prefix: '' | 'jump.';
}

export type Jump = NonNullable<ResolvedHostFile['jump']>;

/** The host itself, whatever lies before it. */
export function endpointOf(host: ResolvedHostFile): Endpoint {
  const { name, address, port, user, identityFile, hostKeys } = host;
  return { host: name, address, port, user, hostKeys, prefix: '', ...(identityFile ? { identityFile } : {}) };
}

/** The bastion before a host. */
export const bastionOf = (host: string, jump: Jump): Endpoint => ({ host, prefix: 'jump.', ...jump });

/** How errors call it. */
export const placeOf = ({ address, port, prefix }: Endpoint): string =>
  `${prefix === '' ? '' : 'the bastion '}${address}:${port}`;

const MARK = '@cert-authority ';

/** Keys that the server itself may show: type and base64, comments left out. */
export const plainKeys = ({ hostKeys }: Endpoint): string[] =>
  hostKeys.filter((key) => !key.startsWith(MARK)).map(withoutComment);

/** Keys of authorities whose host certificates count (known_hosts in sshd(8)). */
export const authorities = ({ hostKeys }: Endpoint): string[] =>
  hostKeys.filter((key) => key.startsWith(MARK)).map((key) => withoutComment(key.slice(MARK.length)));

const withoutComment = (key: string) => key.split(' ').slice(0, 2).join(' ');
