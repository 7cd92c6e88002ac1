import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Plan, PlannedStep } from '../plan/change.ts';
import { canonicalJson, sha256 } from '../plan/digest.ts';
import type { RecordLine } from '../plan/record.ts';

/** A file of a transaction: its text, where on this machine its content lies, or a secret. */
type Content = { readonly text: string } | { readonly path: string } | { readonly secret: Secret };

/** What only the host may read. */
interface Secret {
  reveal(): Uint8Array;
}

/** What a transaction consists of beside its plan. */
export interface Parts {
  readonly id: string;
  /** Text of the script `executor`. */
  readonly executor: string;
  /** Text of the gate that migrations pass. */
  readonly gate: string;
  /** What goes back with the release of the manifest (compile/release.ts, storedResources), as text; none without a release. */
  readonly stored?: string;
  /** Lines that the host keeps to know what the next probe must read. */
  readonly wanted: readonly string[];
  /** Who applies, for whoever finds the host locked. */
  readonly holder: string;
  /** What the host's log of applies says about this one, beside what the host knows itself. */
  readonly audit: Readonly<Record<string, string>>;
  /** The record as it is, in fewer lines; for one that has grown long. */
  readonly compacted?: readonly RecordLine[];
  /** Contents of files by upload name. */
  readonly contents: ReadonlyMap<string, string>;
  /** Paths of artifacts by upload name. */
  readonly artifacts: ReadonlyMap<string, string>;
  /** Values of secrets by upload name. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** For a host that has none yet: the key that its digests of secrets are made by. */
  readonly digestKey?: Secret;
}

/** One line of the executor's `steps`: number|operation|reversible|title|arguments…. */
function stepLine(step: PlannedStep, number: number): string {
  const fields = [
    String(number),
    step.op,
    step.reversible ? 'reversible' : 'final',
    step.title.replaceAll('|', '/'),
    ...step.args,
  ];
  const broken = fields.slice(4).find((field) => /[|\n]/.test(field));
  if (broken !== undefined) throw new Error(`a step cannot carry ${JSON.stringify(broken)}`);
  return fields.join('|').replaceAll('\n', ' ');
}

const recordText = (lines: readonly RecordLine[]) => lines.map((line) => `${canonicalJson(line)}\n`).join('');

/** Names and contents of all files of a transaction. */
function filesOf(plan: Plan, parts: Parts): Map<string, Content> {
  const files = new Map<string, Content>();
  const add = (name: string, text: string) => files.set(name, { text });
  add('project', `${plan.project}\n`);
  add('id', `${parts.id}\n`);
  add('serial', `${plan.serial}\n`);
  add('holder', `${parts.holder}\n`);
  add(
    'audit',
    Object.entries(parts.audit)
      .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      .join(','),
  );
  if (parts.stored !== undefined) add('stored.json', parts.stored);
  if (plan.steps.some(({ op }) => op === 'release_migrate')) add('gate.cjs', parts.gate);
  if (parts.compacted) add('record/compacted', recordText(parts.compacted));
  add('wanted', `${parts.wanted.join('\n')}\n`);
  add('executor.sh', parts.executor);
  add('steps', plan.steps.map((step, index) => `${stepLine(step, index + 1)}\n`).join(''));
  add('expectations', plan.expectations.map(({ was, path }) => `${was}|${path}\n`).join(''));
  for (const [index, step] of plan.steps.entries()) {
    for (const part of ['before', 'after', 'undo'] as const) {
      if (step[part].length > 0) add(`record/${index + 1}.${part}`, recordText(step[part]));
    }
    for (const name of step.uploads) files.set(`uploads/${name}`, upload(name, parts));
  }
  if (parts.digestKey) files.set('digest-key', { secret: parts.digestKey });
  return files;
}

function upload(name: string, parts: Parts): Content {
  const text = parts.contents.get(name);
  if (text !== undefined) return { text };
  const secret = parts.secrets.get(name);
  if (secret !== undefined) return { secret };
  const path = parts.artifacts.get(name);
  if (path === undefined) throw new Error(`nothing provides the upload ${name}`);
  return { path };
}

async function hashOf(content: Content): Promise<string> {
  if ('text' in content) return sha256(content.text);
  if ('secret' in content) return sha256(content.secret.reveal());
  const hash = createHash('sha256');
  await pipeline(createReadStream(content.path), hash);
  return hash.digest('hex');
}

/**
 * A transaction as a tar stream whose first file, `sums`, lets the host check all others. The executor removes the secrets at
 * its end, whatever that is, and `sums` with them: a hash without a key would let somebody try values against it.
 */
export async function bundle(plan: Plan, parts: Parts): Promise<Readable> {
  const files = filesOf(plan, parts);
  const sums: string[] = [];
  for (const [name, content] of files) sums.push(`${await hashOf(content)}  ${name}\n`);
  const archive = pack();
  const send = async () => {
    archive.entry({ name: 'sums' }, sums.join(''));
    for (const [name, content] of files) {
      if ('text' in content) archive.entry({ name }, content.text);
      else if ('secret' in content) archive.entry({ name, mode: 0o600 }, Buffer.from(content.secret.reveal()));
      else await pipeline(createReadStream(content.path), archive.entry({ name, size: statSync(content.path).size }));
    }
    archive.finalize();
  };
  const stream = new PassThrough();
  send().catch((error: Error) => stream.destroy(error));
  archive.pipe(stream);
  return stream;
}

/** Bytes that a transaction brings to the host, not counting what is under a kilobyte. */
export const artifactBytes = (parts: Pick<Parts, 'artifacts'>): number =>
  [...parts.artifacts.values()].reduce((sum, path) => sum + statSync(path).size, 0);
