type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not describe a service that can start; `problems` holds one sentence for each mistake. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads typed settings and remembers every mistake, so that one start reports them all. An empty variable is an unset one. */
export class Settings {
  readonly #environment: Environment;
  readonly #problems: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  text(name: string): string | undefined;
  text(name: string, fallback: string): string;
  text(name: string, fallback?: string): string | undefined {
    return this.#environment[name] || fallback;
  }

  /** A whole number in decimal digits. Out of range or malformed: a problem, and the fallback so that reading goes on. */
  integer(name: string, fallback: number, range: { min: number; max: number }): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    this.problem(`${name} must be a whole number from ${range.min} to ${range.max}, but is "${text}"`);
    return fallback;
  }

  oneOf<const Choice extends string>(name: string, fallback: Choice, choices: readonly Choice[]): Choice {
    const text = this.text(name, fallback);
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) this.problem(`${name} must be one of ${choices.join(', ')}, but is "${text}"`);
    return choice ?? fallback;
  }

  problem(sentence: string) {
    this.#problems.push(sentence);
  }

  /** Throws a ConfigError when any problem was found. */
  finish() {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }
}
