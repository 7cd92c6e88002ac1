import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve as absolute, basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Diagnostic, DiagnosticsError, ExitCode, failure, printable } from '../diagnostic.ts';
import { deployText, gitignoreText, hostText } from '../init/files.ts';
import { type Answers, type Question, questions, type Surroundings, type Topic } from '../init/questions.ts';
import { loadAssets } from '../project/assets.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import { writtenText } from '../report/init.ts';
import { resolve, type Sources } from '../spec/resolve.ts';
import { colorsOf, complaintColorsOf, type Terminal } from './context.ts';

/** The flags of init: an answer each. */
export interface InitOptions extends Partial<Omit<Answers, 'database'>> {
  readonly file: string;
  readonly database?: boolean;
}

/** Somebody to ask. `question` resolves to undefined when nobody answers any more. */
export interface Person {
  question(text: string): Promise<string | undefined>;
  /** Called once nothing more is asked. */
  leave?(): void;
}

/**
 * Writes a first deploy.yaml with one host, from flags and, where somebody is there to answer, from questions. Nothing is written
 * over, and nothing that is not valid is written.
 *
 * @throws DiagnosticsError for files that are there already, and for every answer that is missing or will not do.
 */
export async function init(options: InitOptions, terminal: Terminal, person = personAt(terminal)): Promise<ExitCode> {
  const file = absolute(options.file);
  const folder = dirname(file);
  refuseExisting([file]);
  const { contracts } = await loadAssets();
  const asked = questions(contracts.deploy.schema, contracts.host.schema, surroundings(folder, options.source));
  const answers = await answersTo(asked, options, terminal, person).finally(() => person?.leave?.());
  const hostFile = join(folder, 'hosts', 'production', answers.host, 'host.yaml');
  refuseExisting([hostFile]);
  const texts = { deploy: deployText(answers), host: hostText(answers) };
  const { warnings } = resolve(sourcesOf(basename(file), answers.host, texts), 'production', contracts);
  const written = writeAll(folder, file, hostFile, texts);
  if (warnings.length > 0) terminal.err.write(`${diagnosticsText(warnings, complaintColorsOf(terminal))}\n`);
  terminal.out.write(writtenText(written, answers, colorsOf(terminal)));
  return ExitCode.done;
}

function refuseExisting(files: readonly string[]): void {
  const there = files.filter((file) => existsSync(file));
  if (there.length === 0) return;
  throw new DiagnosticsError(
    there.map((file) => ({
      severity: 'error',
      code: 'init.exists',
      subject: file,
      message: `${basename(file)} is there already, and init writes over nothing`,
      fix: 'edit it, or run init in another folder',
    })),
  );
}

function surroundings(folder: string, source = '.'): Surroundings {
  const path = join(folder, source, 'package.json');
  const name = basename(folder);
  try {
    const { scripts } = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: { start?: unknown } };
    return typeof scripts?.start === 'string' ? { folder: name, startScript: scripts.start } : { folder: name };
  } catch {
    return { folder: name };
  }
}

/** An answer to every question, and at the end all that is wrong with those that nobody could be asked about. */
async function answersTo(
  asked: readonly Question[],
  options: InitOptions,
  terminal: Terminal,
  person: Person | undefined,
): Promise<Answers> {
  const answers = new Map<Topic, string>();
  const problems: Diagnostic[] = [];
  for (const question of asked) {
    const given = givenFor(question.topic, options) ?? (person ? undefined : question.fallback);
    const problem = given === undefined ? undefined : question.problem(given);
    if (given !== undefined && problem === undefined) answers.set(question.topic, given);
    else if (person && given === undefined) answers.set(question.topic, await ask(question, answers, terminal, person));
    else problems.push(lacking(question, problem));
  }
  if (problems.length > 0) throw new DiagnosticsError(problems);
  return Object.fromEntries(answers) as unknown as Answers;
}

function givenFor(topic: Topic, options: InitOptions): string | undefined {
  if (topic !== 'database') return options[topic];
  return options.database === undefined ? undefined : options.database ? 'yes' : 'no';
}

const lacking = ({ flag, text }: Question, problem: string | undefined): Diagnostic => ({
  severity: 'error',
  code: problem === undefined ? 'init.missing' : 'init.answer',
  subject: flag,
  message: problem === undefined ? `${text}: nobody said` : `${text}: the answer ${problem}`,
  fix: `give it with ${flag}`,
});

async function ask(
  question: Question,
  answers: ReadonlyMap<Topic, string>,
  terminal: Terminal,
  person: Person,
): Promise<string> {
  if (question.topic === 'hostKey') return askForKey(question, answers.get('address') ?? '', terminal, person);
  const hint = question.fallback === undefined ? '' : ` [${question.fallback}]`;
  const answer = ((await reply(person, `${question.text}${hint}: `)) || question.fallback) ?? '';
  const problem = question.problem(answer);
  if (problem === undefined) return answer;
  terminal.out.write(`  that ${problem}\n`);
  return ask(question, answers, terminal, person);
}

/** What somebody said. @throws DiagnosticsError when nobody answers any more. */
async function reply(person: Person, text: string): Promise<string> {
  const answer = await person.question(text);
  if (answer !== undefined) return answer.trim();
  throw failure({
    code: 'init.aborted',
    subject: 'init',
    message: 'the questions ended before all were answered; nothing was written',
    fix: 'run npm run init again, or give the answers as flags: npm run init -- --help',
  });
}

/** Shows the key that the host shows, and takes it only when somebody says that it is the right one. */
async function askForKey(question: Question, address: string, terminal: Terminal, person: Person): Promise<string> {
  const [{ shownHostKey }, { fingerprint }] = await Promise.all([
    import('../transport/host-key.ts'),
    import('../transport/ssh.ts'),
  ]);
  const key = await shownHostKey(address, 22);
  const [type = '', blob = ''] = key.split(' ');
  terminal.out.write(
    `${address} shows the ${printable(type)} key ${fingerprint(blob)}.\n  Compare it with what "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" prints on the host's console.\n`,
  );
  const answer = await reply(person, 'Is it the same (yes or no): ');
  if (answer === 'yes') return key;
  throw failure({
    code: 'init.host-key',
    subject: address,
    message: `the key of ${address} was not confirmed; nothing was written`,
    fix: `copy the right one from the host: ${question.flag} "ssh-ed25519 AAAA…"`,
  });
}

const sourcesOf = (name: string, host: string, texts: { deploy: string; host: string }): Sources => ({
  deploy: { path: name, text: texts.deploy },
  hosts: [
    { environment: 'production', folder: host, file: { path: `hosts/production/${host}/host.yaml`, text: texts.host } },
  ],
});

/** Writes the files, none of which is there yet, and completes .gitignore; returns their paths below the folder. */
function writeAll(folder: string, file: string, hostFile: string, texts: { deploy: string; host: string }): string[] {
  mkdirSync(dirname(hostFile), { recursive: true });
  writeFileSync(file, texts.deploy, { flag: 'wx' });
  writeFileSync(hostFile, texts.host, { flag: 'wx' });
  const ignore = join(folder, '.gitignore');
  const completed = gitignoreText(existsSync(ignore) ? readFileSync(ignore, 'utf8') : '');
  if (completed !== undefined) writeFileSync(ignore, completed);
  const written = [file, hostFile, ...(completed === undefined ? [] : [ignore])];
  return written.map((path) => path.slice(folder.length + 1));
}

/** Whoever sits at the terminal; nobody when input comes from elsewhere. Lines that come early wait for their question. */
function personAt(terminal: Terminal): Person | undefined {
  if (!process.stdin.isTTY || !terminal.out.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answers = lines[Symbol.asyncIterator]();
  return {
    async question(text) {
      lines.setPrompt(text);
      lines.prompt();
      const { value, done } = await answers.next();
      return done ? undefined : value;
    },
    leave: () => lines.close(),
  };
}
