import { passphraseQuestion, sudoQuestion } from '../report/logins.ts';
import { readValue } from '../secrets/prompt.ts';

/** The variables that take the place of somebody at a terminal. */
export const SUDO_PASSWORD = 'FAIRLEAD_SUDO_PASSWORD';
export const KEY_PASSPHRASE = 'FAIRLEAD_KEY_PASSPHRASE';

/** Where passwords come from. */
export interface Source {
  /** The value of an environment variable; undefined when it is not set or empty. */
  variable(name: string): string | undefined;
  /** Asks somebody; undefined when they gave up. Absent when nobody is there. */
  readonly ask?: (question: string) => Promise<string | undefined>;
}

/**
 * The environment, then whoever sits at the terminal. A variable is taken out of the environment when it is read, so that no
 * program that this one starts later gets it.
 */
export function ownSource(): Source {
  const variable = (name: string) => {
    const value = process.env[name]?.replace(/\r?\n$/, '');
    delete process.env[name];
    return value === '' ? undefined : value;
  };
  const ask = (question: string) => readValue(question, process.stdin, (text) => process.stderr.write(text));
  return process.stdin.isTTY && process.stderr.isTTY ? { variable, ask } : { variable };
}

/** Passwords of one run, each asked for once, one question at a time. They are kept in memory only. */
export class Logins {
  readonly #answers = new Map<string, Promise<string | undefined>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly source: Source) {}

  /** The password for sudo, the same on all hosts; undefined when nobody gives one. `hosts` are named in the question. */
  sudoPassword(hosts: readonly string[]): Promise<string | undefined> {
    return this.#once('sudo', SUDO_PASSWORD, sudoQuestion(hosts));
  }

  /** The passphrase of a key file; undefined when nobody gives one. The variable holds for all files. */
  passphrase(path: string): Promise<string | undefined> {
    return this.#once(`key ${path}`, KEY_PASSPHRASE, passphraseQuestion(path));
  }

  #once(what: string, variable: string, question: string): Promise<string | undefined> {
    const known = this.#answers.get(what);
    if (known) return known;
    const answer = this.#variable(variable).then((value) => value ?? this.#ask(question));
    this.#answers.set(what, answer);
    return answer;
  }

  /** A variable is gone once it was read, and counts for every question that comes later. */
  #variable(name: string): Promise<string | undefined> {
    const key = `variable ${name}`;
    const read = this.#answers.get(key) ?? Promise.resolve(this.source.variable(name));
    this.#answers.set(key, read);
    return read;
  }

  #ask(question: string): Promise<string | undefined> {
    const answer = this.#last.then(() => this.source.ask?.(question));
    this.#last = answer.catch(() => undefined);
    return answer;
  }
}
