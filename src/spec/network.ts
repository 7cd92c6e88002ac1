/** IP addresses and networks, as text: what no pattern of the schema can tell. */

type Family = 4 | 6;

interface Network {
  readonly family: Family;
  /** The address as a number. */
  readonly bits: bigint;
  /** Length of the prefix; that of a whole address when there is none. */
  readonly prefix: number;
}

const widthOf = (family: Family) => (family === 4 ? 32 : 128);

/** Reads an address, or a network in CIDR notation; undefined when it is neither. */
export function networkOf(text: string): Network | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const family = address.includes(':') ? 6 : 4;
  const bits = family === 4 ? ipv4(address) : ipv6(address);
  const length = prefix === undefined ? widthOf(family) : Number(prefix);
  if (bits === undefined || more.length > 0 || !(length >= 0 && length <= widthOf(family))) return undefined;
  return { family, bits, prefix: length };
}

/** Bits of the address that lie behind the prefix; they are none in a network that begins where it says. */
const hostBits = ({ family, bits, prefix }: Network) => bits & ((1n << BigInt(widthOf(family) - prefix)) - 1n);

/** What a network should be written as, when it does not begin where it says: 10.0.0.0/24 for 10.0.0.5/24. */
export function beginningOf(text: string): string | undefined {
  const network = networkOf(text);
  if (!network || hostBits(network) === 0n) return undefined;
  return `${addressText(network.family, network.bits - hostBits(network))}/${network.prefix}`;
}

/** Whether two networks have an address in common. */
export function overlap(one: string, two: string): boolean {
  const [a, b] = [networkOf(one), networkOf(two)];
  if (!a || !b || a.family !== b.family) return false;
  const rest = BigInt(widthOf(a.family) - Math.min(a.prefix, b.prefix));
  return a.bits >> rest === b.bits >> rest;
}

/** The keyword of nft(8) for addresses of the family of a network. */
export const familyOf = (text: string): 'ip' | 'ip6' => (text.includes(':') ? 'ip6' : 'ip');

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return joined(parts.map(Number), 8n);
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split('::');
  const [front = [], back = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - front.length - back.length;
  const complete = halves.length === 2 ? missing > 0 : halves.length === 1 && missing === 0;
  if (!complete || ![...front, ...back].every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  const groups = [...front, ...Array<string>(missing).fill('0'), ...back];
  return joined(
    groups.map((group) => Number.parseInt(group, 16)),
    16n,
  );
}

const joined = (parts: readonly number[], width: bigint) =>
  parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n);

function addressText(family: Family, bits: bigint): string {
  const width = family === 4 ? 8n : 16n;
  const count = widthOf(family) / Number(width);
  const parts = Array.from(
    { length: count },
    (_, index) => (bits >> (width * BigInt(count - 1 - index))) & ((1n << width) - 1n),
  );
  return family === 4 ? parts.join('.') : shortened(parts.map((part) => part.toString(16)).join(':'));
}

/** The last and longest run of zeros as `::`, where it ends the address, as prefixes do. */
const shortened = (text: string) => text.replace(/(:0)+$/, '::').replace(/^0::$/, '::');
