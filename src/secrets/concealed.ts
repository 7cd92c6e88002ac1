import { inspect } from 'node:util';

/** Something that must never be printed: as text, as JSON and to inspectors it is a name in brackets. */
export abstract class Concealed {
  readonly #label: string;

  constructor(label: string) {
    this.#label = `[${label}]`;
  }

  toString(): string {
    return this.#label;
  }

  toJSON(): string {
    return this.#label;
  }

  [Symbol.toPrimitive](): string {
    return this.#label;
  }

  [inspect.custom](): string {
    return this.#label;
  }
}
