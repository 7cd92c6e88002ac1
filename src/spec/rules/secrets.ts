import { hostsNeeding } from '../../compile/secrets/placement.ts';
import { splitCommand } from '../command.ts';
import type { KeyPath } from '../document.ts';
import { secretUsesIn } from '../secret-uses.ts';
import { suggest } from '../suggest.ts';
import type { ResolvedSecret } from '../types.ts';
import { error, type Rule, type RuleContext, warning, where } from './rule.ts';

type Source = ResolvedSecret['from'];

const usesIn = ({ schema, document }: RuleContext) => secretUsesIn(schema, document.toPlain());

const declared: Rule = (context) =>
  usesIn(context)
    .filter(({ secret }) => !Object.hasOwn(context.spec.secrets, secret))
    .map(({ path, secret }) => {
      const near = suggest(secret, Object.keys(context.spec.secrets));
      return error(
        context.document,
        path,
        'secrets.undeclared',
        `${path.join('.')} names the secret ${secret}, and nothing says where that comes from`,
        near ? `did you mean ${near}?` : `add to the section secrets: "${secret}: { from: env }"`,
      );
    });

/** Names of the secrets that any environment uses. */
function usedAnywhere({ schema, whole, document }: RuleContext): Set<string> {
  const plain = whole.toPlain() as { readonly environments?: Readonly<Record<string, unknown>> };
  const all = [document.toPlain(), plain, ...Object.values(plain.environments ?? {})];
  return new Set(all.flatMap((one) => secretUsesIn(schema, one)).map(({ secret }) => secret));
}

const used: Rule = (context) => {
  const names = usedAnywhere(context);
  return Object.keys(context.spec.secrets)
    .filter((name) => !names.has(name))
    .map((name) =>
      warning(
        context.document,
        ['secrets', name],
        'secrets.unused',
        `nothing uses the secret ${name}`,
        `delete it, or give it to the program: app.secrets: [${name}]`,
        'key',
      ),
    );
};

/** Keys of a secret that belong to one source alone. */
const keysOf: Partial<Record<Source, keyof ResolvedSecret>> = {
  env: 'variable',
  file: 'path',
  command: 'command',
  generated: 'bytes',
};

const keysFitTheSource: Rule = ({ document, spec }) =>
  Object.entries(spec.secrets).flatMap(([name, { from }]) =>
    (Object.entries(keysOf) as [Source, keyof ResolvedSecret][])
      .filter(([source, key]) => source !== from && document.has(['secrets', name, key]))
      .map(([source, key]) =>
        error(
          document,
          ['secrets', name, key],
          'secrets.key-of-another-source',
          `secrets.${name}.${key} is for "from: ${source}", and this secret comes from ${from}`,
          `delete ${key}, or write "from: ${source}"`,
          'key',
        ),
      ),
  );

const sourceIsNamed: Rule = ({ document, spec }) => {
  const problem = (name: string, key: string, example: string) =>
    error(
      document,
      ['secrets', name],
      'secrets.source-missing',
      `secrets.${name} comes from a ${key === 'path' ? 'file' : 'command'}, but ${key} is missing`,
      `add it: "${key}: ${example}"`,
      'key',
    );
  return Object.entries(spec.secrets).flatMap(([name, { from, path, command }]) => {
    if (from === 'file' && path === undefined) return [problem(name, 'path', `.secrets/${fileNameFor(name)}`)];
    if (from === 'command' && command === undefined)
      return [problem(name, 'command', `pass show ${fileNameFor(name)}`)];
    return [];
  });
};

const fileNameFor = (name: string) => name.toLowerCase().replaceAll('_', '-');

const commandRunsWithoutShell: Rule = ({ document, spec }) =>
  Object.entries(spec.secrets).flatMap(([name, { command }]) => {
    if (command === undefined) return [];
    const split = splitCommand(command);
    if (!('problem' in split)) return [];
    return [
      error(
        document,
        ['secrets', name, 'command'],
        'secrets.command',
        `secrets.${name}.command cannot be run: ${split.problem}`,
        'write one program with its arguments, and put quotes around special characters',
      ),
    ];
  });

const recipientsForTheFile: Rule = ({ document, spec }) => {
  const [first] = Object.entries(spec.secrets).find(([, { from }]) => from === 'age') ?? [];
  if (first === undefined || spec.secretsFile.recipients.length > 0) return [];
  return [
    error(
      document,
      ['secrets', first, 'from'],
      'secrets.no-recipients',
      `the secret ${first} lies in ${spec.secretsFile.path}, and secretsFile.recipients does not say who can read that`,
      'run "npm run secrets -- keygen" and add what it prints to secretsFile.recipients',
    ),
  ];
};

const oneVariableEach: Rule = ({ document, spec }) => {
  const owners = new Map<string, string>();
  return Object.entries(spec.secrets).flatMap(([name, { from, variable = name }]) => {
    if (from !== 'env') return [];
    const first = owners.get(variable);
    if (first === undefined) {
      owners.set(variable, name);
      return [];
    }
    return [
      error(
        document,
        ['secrets', name],
        'secrets.shared-variable',
        `${name} reads the variable ${variable}, which is ${first} already (${where(document, ['secrets', first])})`,
        `give it a variable of its own, or use ${first} in both places`,
        'key',
      ),
    ];
  });
};

const generatedSecrets = (context: RuleContext) =>
  Object.entries(context.spec.secrets)
    .filter(([, { from }]) => from === 'generated')
    .map(([name]) => ({ name, uses: usesIn(context).filter(({ secret }) => secret === name) }));

const generatedOnOneHost: Rule = (context) => {
  const hosts = context.hosts.map(({ host }) => host);
  return generatedSecrets(context).flatMap(({ name, uses }) => {
    if (uses.some(({ path }) => whyNotGenerated(path, context.spec.database?.placement))) return [];
    const needing = hostsNeeding(name, uses, hosts, context.spec.database?.placement).map((host) => host.name);
    if (needing.length < 2) return [];
    return [
      error(
        context.document,
        ['secrets', name, 'from'],
        'secrets.generated-twice',
        `${name} is generated on the host, but ${needing.join(' and ')} need the same value`,
        `write "from: age", then run "npm run secrets -- set ${name}"`,
      ),
    ];
  });
};

/** Keys whose value somebody else decides on, so that a random one would be wrong. */
const decidedElsewhere = /^(storage|mail|tls|backups\.repository|observability\.alerts)\./;

const generatedIsOurs: Rule = (context) =>
  generatedSecrets(context).flatMap(({ name, uses }) =>
    uses.flatMap(({ path }) => {
      const problem = whyNotGenerated(path, context.spec.database?.placement);
      if (!problem) return [];
      return [
        error(
          context.document,
          path,
          'secrets.generated-unknown',
          `${path.join('.')} is ${name}, which the host generates: ${problem}`,
          `write "from: age" for secrets.${name}, then run "npm run secrets -- set ${name}"`,
        ),
      ];
    }),
  );

function whyNotGenerated(path: KeyPath, placement: string | undefined): string | undefined {
  const key = path.join('.');
  if (key === 'backups.encryption') return 'without that host the backups could never be read';
  const isElsewhere =
    decidedElsewhere.test(key) || (/^database\.(migrator\.)?password$/.test(key) && placement === 'external');
  return isElsewhere ? 'nobody else would know it, and the other side has to' : undefined;
}

const noPlaceholders: Rule = ({ document }) =>
  placeholdersIn(document.toPlain(), []).map((path) =>
    error(
      document,
      path,
      'secrets.placeholder',
      `${path.join('.')} holds text of the form @@NAME@@, which stands for a secret in compiled files`,
      'leave out one of the @',
    ),
  );

/** Places of texts, also as keys, that would be taken for a secret (resources/secret-file.ts). */
function placeholdersIn(value: unknown, path: KeyPath): KeyPath[] {
  const stands = (text: unknown) => typeof text === 'string' && /@@[A-Z][A-Z0-9_]*(:crypt|:pgpass)?@@/.test(text);
  if (typeof value !== 'object' || value === null) return stands(value) ? [path] : [];
  const entries = Array.isArray(value) ? value.map((one, index) => [index, one] as const) : Object.entries(value);
  return entries.flatMap(([key, one]) => (stands(key) ? [[...path, key]] : placeholdersIn(one, [...path, key])));
}

/** Rules about secrets: where they come from and who uses them. */
export const secretsRules: readonly Rule[] = [
  declared,
  used,
  keysFitTheSource,
  sourceIsNamed,
  commandRunsWithoutShell,
  recipientsForTheFile,
  oneVariableEach,
  generatedOnOneHost,
  generatedIsOurs,
  noPlaceholders,
];
