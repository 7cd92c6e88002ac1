/** Reads the data types of the SSH protocol (RFC 4251, section 5) from bytes that may be anything. */
export class WireReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
  }

  /** Whether nothing is left. */
  get done(): boolean {
    return this.#at === this.bytes.length;
  }

  /** The next `count` bytes. @throws RangeError when there are fewer. */
  take(count: number): Buffer {
    if (count > this.bytes.length - this.#at) throw new RangeError('the data end too early');
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64BE();
  }

  /** A length and as many bytes; also how an mpint is written. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString('utf8');
  }

  /** The strings that one string holds. */
  list(): string[] {
    const inner = new WireReader(this.string());
    const texts: string[] = [];
    while (!inner.done) texts.push(inner.text());
    return texts;
  }
}

/** Bytes as a string of the protocol: their length before them. */
export function wireString(bytes: Buffer | string): Buffer {
  const content = Buffer.from(bytes as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}
