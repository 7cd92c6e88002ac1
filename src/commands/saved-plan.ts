import { readFileSync } from 'node:fs';
import type { HostManifest } from '../compile/manifest.ts';
import { manifestJson } from '../compile/manifest.ts';
import { type DiagnosticsError, ExitCode, failure } from '../diagnostic.ts';
import type { Plan } from '../plan/change.ts';
import { sha256 } from '../plan/digest.ts';
import { planHash } from '../plan/hash.ts';
import { whatDiffers } from '../plan/staleness.ts';
import type { Consent } from '../plan/tokens.ts';
import { type Assets, programVersion } from '../project/assets.ts';
import type { CommandFor } from '../report/outcomes.ts';
import type { ConsentOptions } from './consent.ts';

/** The version of the format of saved plans. */
const FORMAT = 1;

/** One host of a saved plan. */
export interface SavedHost {
  readonly name: string;
  /** Hash of the plan. */
  readonly hash: string;
  /** Hash of what deploy.yaml compiled to, with the identity of the release. */
  readonly manifest: string;
  readonly plan: Plan;
}

/** What `plan --out` writes (schema/plan.schema.json). It holds compiled texts and no value of a secret. */
export interface SavedPlan {
  readonly format: 1;
  readonly madeBy: string;
  readonly environment: string;
  /** SHA-256 of the source. */
  readonly source: string;
  readonly options: Consent;
  readonly hosts: readonly SavedHost[];
}

/** A planned host, as far as it is saved. */
export interface Planned {
  readonly host: { readonly name: string };
  readonly shown: Plan;
  readonly hash: string;
  readonly compiled: HostManifest;
  readonly source: { readonly digest: string };
}

/** Hash of a manifest with its release, without what follows from values of secrets. */
const manifestHash = (manifest: HostManifest): string => sha256(manifestJson(manifest));

const savedHost = ({ host, hash, compiled, shown }: Planned): SavedHost => ({
  name: host.name,
  hash,
  manifest: manifestHash(compiled),
  plan: shown,
});

/** The text of a saved plan. At least one host must have been planned. */
export function savedPlanText(environment: string, options: Consent, planned: readonly Planned[]): string {
  const saved: SavedPlan = {
    format: FORMAT,
    madeBy: programVersion(),
    environment,
    source: planned[0]?.source.digest ?? '',
    options,
    hosts: planned.map(savedHost),
  };
  return `${JSON.stringify(saved, null, 2)}\n`;
}

const problem = (path: string, code: string, message: string, fix: string) =>
  failure({ code: `plan-file.${code}`, subject: path, message, fix });

const planAgain = 'make it again: npm run plan -- --out plan.json';

/**
 * Reads a saved plan.
 *
 * @throws DiagnosticsError when the file is missing, of another format, not as the schema says, or not as it was written.
 */
export function readSavedPlan(path: string, { planContract }: Assets): SavedPlan {
  const saved = parsed(path) as Partial<SavedPlan> | null;
  if (typeof saved !== 'object' || saved === null || !('format' in saved))
    throw problem(path, 'other', `${path} is no saved plan`, planAgain);
  if (saved.format !== FORMAT)
    throw problem(
      path,
      'format',
      `${path} has format ${JSON.stringify(saved.format)}, made by Fairlead ${saved.madeBy ?? 'of an unknown version'}; this is ${programVersion()} and reads format ${FORMAT}`,
      'use the version that wrote it, or plan again with this one',
    );
  if (!planContract.validate(saved)) {
    const [first] = planContract.validate.errors ?? [];
    throw problem(
      path,
      'invalid',
      `${path} is damaged: ${first?.instancePath || 'the file'} ${first?.message}`,
      planAgain,
    );
  }
  const whole = saved as SavedPlan;
  const edited = whole.hosts.find(({ plan, hash, name }) => planHash(plan) !== hash || plan.host !== name);
  if (edited)
    throw problem(path, 'edited', `the plan of ${edited.name} in ${path} is not as it was written`, planAgain);
  return whole;
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw problem(path, 'damaged', `${path} is no JSON: ${error.message}`, planAgain);
    const { code } = error as NodeJS.ErrnoException;
    throw problem(path, 'unreadable', `${path} cannot be read (${code})`, planAgain);
  }
}

/**
 * The options of a command that does what a saved plan says: environment and consent come from there, and so do the hosts
 * (`hostsOf`).
 *
 * @throws DiagnosticsError with exit code 7 when one of them is given besides.
 */
export function optionsOf<O extends ConsentOptions>(saved: SavedPlan, options: O, path: string): O {
  const own = ['env', 'host', 'role', 'adopt', 'remove', 'prune'];
  const given = own.filter((name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined);
  if (given.length > 0) {
    const names = given.map((name) => `--${name}`).join(' and ');
    throw failure(
      {
        code: 'plan-file.options',
        subject: path,
        message: `${names} cannot be given with a saved plan: ${path} says what is done, and where`,
        fix: `leave ${names} out, or plan again with it: npm run plan -- ${names} … --out plan.json`,
      },
      ExitCode.refused,
    );
  }
  return { ...options, env: saved.environment, ...saved.options };
}

/** Names of the hosts of a saved plan that the environment has no more. */
export function goneHosts(saved: SavedPlan, hosts: readonly { readonly name: string }[]): string[] {
  const known = hosts.map(({ name }) => name);
  return saved.hosts.map(({ name }) => name).filter((name) => !known.includes(name));
}

/** What is said of each of them. */
export const isGone = 'the environment has no such host any more';

/** A session with the hosts of a saved plan alone; see goneHosts for those that are not among them. */
export function narrowed<S extends { readonly hosts: readonly { readonly name: string }[] }>(
  session: S,
  saved: SavedPlan,
): S {
  const names = saved.hosts.map(({ name }) => name);
  return { ...session, hosts: session.hosts.filter(({ name }) => names.includes(name)) };
}

/** Whether a host's plan still holds. */
export interface Comparison {
  readonly host: string;
  /** Why it does not; empty where it does. */
  readonly sentences: readonly string[];
}

/** What is said of each host of a saved plan of which one part does not hold: nothing of it is done. */
export function staleTexts(comparisons: readonly Comparison[]): ReadonlyMap<string, string> {
  const stale = comparisons.filter(({ sentences }) => sentences.length > 0).map(({ host }) => host);
  const text = ({ sentences }: Comparison) =>
    sentences.length > 0
      ? `${sentences.join('; ')}. Nothing was changed: plan again, look at the difference, then apply`
      : `its part of the plan still holds, but not that of ${stale.join(', ')}; nothing was changed on any host`;
  return new Map(stale.length > 0 ? comparisons.map((one) => [one.host, text(one)]) : []);
}

/**
 * Holds a saved plan against what was planned afresh. A host that could not be planned has its own diagnostics as sentences.
 *
 * @param commandFor what to type where an apply has to end first.
 */
export function compareWithSaved(
  saved: SavedPlan,
  planned: readonly Planned[],
  unplanned: readonly { readonly host: { readonly name: string }; readonly error: DiagnosticsError }[],
  commandFor: CommandFor,
): Comparison[] {
  return saved.hosts.map((before) => {
    const now = planned.find(({ host }) => host.name === before.name);
    if (now) {
      const dated = { plan: now.shown, manifest: manifestHash(now.compiled) };
      const differences = now.hash === before.hash ? [] : whatDiffers(before, dated);
      return { host: before.name, sentences: [...unreviewed(before, now.shown, commandFor), ...differences] };
    }
    const failed = unplanned.find(({ host }) => host.name === before.name);
    const why = failed?.error.diagnostics.map(({ message }) => message) ?? [isGone];
    return { host: before.name, sentences: why };
  });
}

/** What is done once an apply has ended that was at work or cut off when the plan was made is another plan, which nobody has seen. */
function unreviewed({ name, plan: { unfinished } }: SavedHost, now: Plan, commandFor: CommandFor): string[] {
  if (unfinished === undefined) return [];
  const was = `the plan was made while apply ${unfinished} had not ended, and does not show what is left to do after that`;
  if (now.unfinished !== unfinished) return [was];
  const follow = `if it is at work, follow it to its end: ${commandFor('attach', [name])}`;
  const mend = `if it was cut off, put back what it had begun, by an apply without a saved plan: ${commandFor('apply', [name])}`;
  return [`${was}; it has not ended yet: ${follow}; ${mend}`];
}
