import { type Schema, schemaAt } from '../spec/schema.ts';

/** What must be known to write a first deploy.yaml with one host. Each is the flag of its name, too. */
export interface Answers {
  readonly name: string;
  readonly source: string;
  readonly start: string;
  readonly domain: string;
  readonly email: string;
  readonly database: 'yes' | 'no';
  readonly host: string;
  readonly address: string;
  readonly user: string;
  readonly os: string;
  readonly hostKey: string;
}

export type Topic = keyof Answers;

/** What is known about the project before anything is asked. */
export interface Surroundings {
  /** Name of the folder. */
  readonly folder: string;
  /** The script `start` of its package.json, if there is one. */
  readonly startScript?: string;
}

/** One question: what people are asked, what is taken when they say nothing, and whether an answer will do. */
export interface Question {
  readonly topic: Topic;
  readonly flag: string;
  readonly text: string;
  readonly fallback?: string;
  /** What is wrong with an answer, or undefined. */
  readonly problem: (answer: string) => string | undefined;
}

/** Why a value would be refused by the schema of a key; the schema is the only list of what is allowed. */
function against(schema: Schema | undefined): (answer: string) => string | undefined {
  const {
    enum: allowed,
    pattern,
    minLength = 1,
    maxLength = Number.POSITIVE_INFINITY,
    'x-expects': expects,
  } = schema ?? {};
  if (allowed) return (answer) => (allowed.includes(answer) ? undefined : `must be ${allowed.join(', ')}`);
  const form = new RegExp(pattern ?? '', 'u');
  return (answer) =>
    answer.length >= minLength && answer.length <= maxLength && form.test(answer) ? undefined : `must be ${expects}`;
}

/** `My Shop!` → `my-shop`; undefined when nothing usable is left. */
export function nameFrom(folder: string): string | undefined {
  const plain = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 24)
    .replace(/-+$/, '');
  return plain.length >= 2 ? plain : undefined;
}

/** A start script that runs without a shell, which begins with node. */
const startFrom = (script: string | undefined) =>
  script !== undefined && /^node [^&|;<>$`"'\\]+$/.test(script) ? script : 'node server.js';

/**
 * The questions in their order. The host's key comes last, because the host must be known to look at it.
 *
 * @param deploy the schema of deploy.yaml.
 * @param host the schema of host.yaml.
 */
export function questions(deploy: Schema, host: Schema, { folder, startScript }: Surroundings): Question[] {
  const name = nameFrom(folder);
  const ofDeploy = (key: string) => against(schemaAt(deploy, key.split('.')));
  const ofHost = (key: string) => against(schemaAt(host, key.split('.')));
  return [
    {
      topic: 'name',
      flag: '--name',
      text: 'Name of the project',
      ...(name ? { fallback: name } : {}),
      problem: ofDeploy('name'),
    },
    {
      topic: 'source',
      flag: '--source',
      text: 'Folder with the source',
      fallback: '.',
      problem: ofDeploy('app.source'),
    },
    {
      topic: 'start',
      flag: '--start',
      text: 'Command that starts it',
      fallback: startFrom(startScript),
      problem: (answer) =>
        /^node ./.test(answer) ? ofDeploy('app.start')(answer) : 'must begin with node and name a JavaScript file',
    },
    {
      topic: 'domain',
      flag: '--domain',
      text: 'Domain, such as notes.example.com',
      problem: against(deploy.definitions?.domain),
    },
    { topic: 'email', flag: '--email', text: "E-mail address for Let's Encrypt", problem: ofDeploy('tls.email') },
    {
      topic: 'database',
      flag: '--database or --no-database',
      text: 'Does it need a PostgreSQL database (yes or no)',
      fallback: 'yes',
      problem: (answer) => (answer === 'yes' || answer === 'no' ? undefined : 'must be yes or no'),
    },
    { topic: 'host', flag: '--host', text: 'Name of the host', fallback: 'web-1', problem: ofHost('name') },
    { topic: 'address', flag: '--address', text: 'Its IP address or DNS name', problem: ofHost('address') },
    {
      topic: 'user',
      flag: '--user',
      text: 'User to log in as (root, or one with sudo)',
      fallback: 'root',
      problem: ofHost('user'),
    },
    {
      topic: 'os',
      flag: '--os',
      text: `Its operating system (${schemaAt(host, ['os'])?.enum?.join(', ')})`,
      problem: ofHost('os'),
    },
    {
      topic: 'hostKey',
      flag: '--host-key',
      text: 'Public key of its SSH server, from /etc/ssh/ssh_host_ed25519_key.pub',
      problem: against(schemaAt(host, ['hostKeys', 0])),
    },
  ];
}
