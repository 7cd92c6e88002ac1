import { Concealed } from './concealed.ts';

/** The value of one secret. Only `reveal` gives it away. */
export class SecretValue extends Concealed {
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    super(`secret ${name}`);
    this.#bytes = bytes;
  }

  reveal(): Uint8Array {
    return this.#bytes;
  }
}
