/** What a host that waits for others is told. */
export type Answer = { readonly go: true } | { readonly go: false; readonly because: string };

/**
 * Where hosts that go on together meet. At each point the last one that arrives lets all of them go on; once one of them has failed,
 * every other goes back, whether it waits already or arrives later.
 */
export class Rendezvous {
  readonly #expected: ReadonlySet<string>;
  readonly #arrived = new Map<string, Map<string, (answer: Answer) => void>>();
  #failure: string | undefined;

  /** @param hosts the names of all that have to come to each point. */
  constructor(hosts: readonly string[]) {
    this.#expected = new Set(hosts);
  }

  /** Resolves when it is known whether the host goes on from the point. */
  arrive(host: string, point: string): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.resolve({ go: false, because: this.#failure });
    const here = this.#arrived.get(point) ?? new Map<string, (answer: Answer) => void>();
    this.#arrived.set(point, here);
    return new Promise((resolve) => {
      here.set(host, resolve);
      if (here.size === this.#expected.size) for (const answer of here.values()) answer({ go: true });
    });
  }

  /** To be called when a host has ended without success; further failures change nothing. */
  fail(host: string, how: string): void {
    if (this.#failure !== undefined || !this.#expected.has(host)) return;
    this.#failure = `${host} ${how}`;
    for (const here of this.#arrived.values())
      for (const answer of here.values()) answer({ go: false, because: this.#failure });
  }
}

/** A host that others wait for, without being waited for by it. */
export class Provider {
  #tell: (answer: Answer) => void = () => undefined;
  readonly #known = new Promise<Answer>((resolve) => {
    this.#tell = resolve;
  });

  /** Resolves when it is known whether those that wait for it go on. */
  wait(): Promise<Answer> {
    return this.#known;
  }

  /** To be called when it has what they wait for; what comes later changes nothing. */
  ready(): void {
    this.#tell({ go: true });
  }

  /** To be called when it has ended without success. */
  fail(host: string, how: string): void {
    this.#tell({ go: false, because: `${host} ${how}` });
  }
}
