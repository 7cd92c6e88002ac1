import { ExitCode, failure } from '../diagnostic.ts';
import { specOf } from '../pipeline.ts';
import { loadAssets } from '../project/assets.ts';
import { chooseEnvironment, loadProject } from '../project/load.ts';
import { identityText, type ListedSecret, listText } from '../report/secrets.ts';
import { edit } from '../secrets/editor.ts';
import { createIdentity } from '../secrets/identity.ts';
import { type Input, readValue } from '../secrets/prompt.ts';
import {
  isSecretName,
  mapText,
  readMap,
  readSecretsFile,
  readSecretsText,
  type SecretMap,
  type SecretsFile,
  secretsFileExists,
  writeSecretsFile,
} from '../secrets/secrets-file.ts';
import { parse } from '../spec/parse.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import { schemaAt, withDefaults } from '../spec/schema.ts';
import type { ResolvedSecretsFile } from '../spec/types.ts';
import { type CommonOptions, colorsOf, printJson, type Terminal } from './context.ts';

/** What can be done about secrets, by the word behind `npm run secrets --`. */
export const actions = ['set', 'edit', 'rekey', 'list', 'keygen'] as const;

export type SecretsAction = (typeof actions)[number];

/**
 * Looks after the secrets of a project: the encrypted file (set, edit, rekey), the key that opens it (keygen), and the list of
 * all with their sources and uses. No value is ever printed.
 *
 * @param name of the secret, for `set`.
 * @param input where `set` takes the value from.
 * @throws DiagnosticsError with what is wrong; then nothing was changed.
 */
export async function secrets(
  options: CommonOptions,
  terminal: Terminal,
  action: SecretsAction,
  name?: string,
  input: Input = process.stdin,
): Promise<ExitCode> {
  if (action === 'keygen') return keygen(options, terminal);
  const { spec, file } = await open(options, terminal);
  if (action === 'list') return list(spec, options, terminal);
  refuseWithoutRecipients(file);
  if (action === 'set') await set(spec, file, name, input, terminal);
  else if (action === 'edit') await editFile(file, terminal);
  else await rekey(file, terminal);
  return ExitCode.done;
}

async function open(
  options: CommonOptions,
  { environment }: Terminal,
): Promise<{ readonly spec: ResolvedSpec; readonly file: SecretsFile }> {
  const assets = await loadAssets();
  const project = loadProject(options.file);
  const { spec } = specOf(project, chooseEnvironment(project.sources, options.env), assets);
  return { spec, file: { folder: project.folder, settings: spec.secretsFile, environment } };
}

function refuseWithoutRecipients({ settings }: SecretsFile): void {
  if (settings.recipients.length > 0) return;
  throw failure({
    code: 'secrets.no-recipients',
    subject: 'secretsFile.recipients',
    message: `secretsFile.recipients does not say who can read ${settings.path}`,
    fix: 'run "npm run secrets -- keygen" and add what it prints to secretsFile.recipients',
  });
}

async function set(
  spec: ResolvedSpec,
  file: SecretsFile,
  name: string | undefined,
  input: Input,
  terminal: Terminal,
): Promise<void> {
  const secret = nameFor(name, spec);
  const before = await readSecretsFile(file);
  const value = await readValue(`value of ${secret} (not shown): `, input, (text) => terminal.err.write(text));
  if (!value) {
    throw failure({
      code: 'secrets.no-value',
      subject: secret,
      message: `no value was given for ${secret}; nothing was changed`,
      fix: `type one, or send it: openssl rand -hex 32 | npm run secrets -- set ${secret}`,
    });
  }
  await writeSecretsFile(file, { ...before, [secret]: value });
  terminal.out.write(`${secret} is set in ${file.settings.path}${declaration(secret, spec)}\n`);
}

function nameFor(name: string | undefined, { secrets: declared }: ResolvedSpec): string {
  const source = name === undefined ? undefined : declared[name]?.from;
  const problem =
    name === undefined || !isSecretName(name)
      ? `${name === undefined ? 'no secret is named' : `${name} cannot name a secret`}`
      : source !== undefined && source !== 'age'
        ? `${name} comes from ${source}, not from the secrets file`
        : undefined;
  if (name !== undefined && problem === undefined) return name;
  throw failure({
    code: 'secrets.name',
    subject: name ?? 'secrets',
    message: problem ?? '',
    fix: source
      ? `write "from: age" for secrets.${name} in deploy.yaml first`
      : 'name it in upper-case letters, digits and underscores: npm run secrets -- set SESSION_KEY',
  });
}

const declaration = (name: string, spec: ResolvedSpec) =>
  Object.hasOwn(spec.secrets, name) ? '' : `; add to the section secrets of deploy.yaml: "${name}: { from: age }"`;

async function editFile(file: SecretsFile, terminal: Terminal): Promise<void> {
  const head = `# Secrets of this project, one a line: NAME: value. Lines like this one are not kept.\n`;
  const before = await readSecretsText(file);
  const check = (text: string) => {
    const read = readMap(text);
    return 'problem' in read ? read.problem : undefined;
  };
  const after = await edit(`${head}${before}`, check, terminal.environment);
  const read = after === undefined ? undefined : readMap(after);
  if (read === undefined || 'problem' in read || mapText(read.values) === before) {
    terminal.out.write('nothing was changed\n');
    return;
  }
  await writeSecretsFile(file, read.values);
  terminal.out.write(`${file.settings.path} now holds ${namesText(read.values)}\n`);
}

const namesText = (values: SecretMap) => Object.keys(values).sort().join(', ') || 'nothing';

async function rekey(file: SecretsFile, terminal: Terminal): Promise<void> {
  const { path, recipients } = file.settings;
  if (!secretsFileExists(file)) {
    throw failure({
      code: 'secrets.no-file',
      subject: path,
      message: `there is no ${path} yet`,
      fix: 'put a first secret into it: npm run secrets -- set SESSION_KEY',
    });
  }
  await writeSecretsFile(file, await readSecretsFile(file));
  terminal.out.write(
    `${path} can now be read by ${recipients.length === 1 ? '1 recipient' : `${recipients.length} recipients`}. Whoever could read it before has what it held: when somebody left, renew the values too\n`,
  );
}

function list(spec: ResolvedSpec, options: CommonOptions, terminal: Terminal): ExitCode {
  const listed: ListedSecret[] = Object.entries(spec.secrets).map(([name, { from, description }]) => ({
    name,
    from,
    ...(description === undefined ? {} : { description }),
    usedBy: spec.secretUses.filter(({ secret }) => secret === name).map(({ path }) => path.join('.')),
  }));
  if (options.json) printJson(terminal, listed);
  else terminal.out.write(listText(listed, colorsOf(terminal)));
  return ExitCode.done;
}

/** Makes an identity. The file needs not be valid yet: its recipients are what this is run for. */
async function keygen(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const { schema } = (await loadAssets()).contracts.deploy;
  const project = loadProject(options.file);
  const document = parse(project.sources.deploy).overlaid(chooseEnvironment(project.sources, options.env));
  const section = (document.toPlain() as { readonly secretsFile?: unknown }).secretsFile ?? {};
  const { identityFile } = withDefaults(
    schema,
    schemaAt(schema, ['secretsFile']) ?? {},
    section,
  ) as ResolvedSecretsFile;
  const recipient = await createIdentity(identityFile, project.folder);
  if (options.json) printJson(terminal, { identityFile, recipient });
  else terminal.out.write(identityText(identityFile, recipient));
  return ExitCode.done;
}
