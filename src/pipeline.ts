import { join } from 'node:path';
import { type Probe, probe } from './apply/probe.ts';
import { readSource, type Source } from './apply/source.ts';
import { compile } from './compile/compile.ts';
import type { HostManifest } from './compile/manifest.ts';
import { unmatchedProtection } from './compile/protect.ts';
import { pinRelease, releaseOf } from './compile/release.ts';
import { pinSecrets } from './compile/secrets/pin.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Plan } from './plan/change.ts';
import { planHash } from './plan/hash.ts';
import { noPermission } from './plan/permission.ts';
import { makePlan } from './plan/plan.ts';
import { recordWithin } from './plan/record.ts';
import { type Consent, noConsent, permissionFrom, withTokens } from './plan/tokens.ts';
import { type Assets, hostScript } from './project/assets.ts';
import type { Project } from './project/load.ts';
import type { DigestKey } from './secrets/digest-key.ts';
import { noSecrets, pinsOf, type Secrets } from './secrets/fetch.ts';
import { type ResolvedSpec, resolve } from './spec/resolve.ts';
import type { ResolvedHostFile } from './spec/types.ts';
import { byPlace } from './spec/validate.ts';
import type { Connection } from './transport/transport.ts';

/** deploy.yaml and host files, parsed, validated and resolved for one environment. */
export function specOf(
  project: Project,
  environment: string,
  assets: Assets,
): { spec: ResolvedSpec; warnings: readonly Diagnostic[] } {
  const { spec, warnings } = resolve(project.sources, environment, assets.contracts);
  // Only what is compiled tells what there is to protect.
  const manifests = spec.protect.length > 0 ? spec.hosts.map((host) => manifestOf(spec, host, assets)) : [];
  return { spec, warnings: [...warnings, ...unmatchedProtection(spec, manifests)].sort(byPlace) };
}

/** Several stages of one run ask for the manifest of a host. */
const compiled = new WeakMap<ResolvedSpec, Map<ResolvedHostFile, HostManifest>>();

/** What one host should have. It is compiled once for each spec. */
export function manifestOf(spec: ResolvedSpec, host: ResolvedHostFile, assets: Assets): HostManifest {
  const known = compiled.get(spec) ?? new Map<ResolvedHostFile, HostManifest>();
  compiled.set(spec, known);
  const manifest = known.get(host) ?? compile({ spec, host, templates: assets.templates });
  known.set(host, manifest);
  return manifest;
}

/** The source that the environment's releases are built from. */
export const sourceOf = (project: Project, spec: ResolvedSpec): Promise<Source> =>
  readSource(project.folder, spec.app.source);

/** A manifest whose release has its identity; one without a release as it is. */
export const pinned = (manifest: HostManifest, source: Source): HostManifest =>
  releaseOf(manifest) ? pinRelease(manifest, source.digest) : manifest;

/** What one host would get, and what that was decided from. */
export interface HostPlan {
  readonly plan: Plan;
  /**
   * The plan as people see it: the same, but that a host without a digest key does not get one for it. So it comes out the same each
   * time it is made.
   */
  readonly shown: Plan;
  /** Hash of `shown`. */
  readonly hash: string;
  /** The plan of the same state in which no token counts. */
  readonly bare: Plan;
  readonly seen: Probe;
  /** With the keyed digests of its secrets. */
  readonly manifest: HostManifest;
  /** What these were made by: the host's own key, or the new one that it will get. */
  readonly digestKey: DigestKey | undefined;
}

/**
 * One exec on the host, then the difference between it, its record and the manifest.
 *
 * @param newKey makes the digest key of a host that has none yet; without it, a plan for such a host has no digests.
 */
export async function planHost(
  connection: Connection,
  manifest: HostManifest,
  secrets: Secrets = noSecrets,
  { newKey, consent = noConsent, scope }: PlanHostOptions = {},
): Promise<HostPlan> {
  const seen = await probe(connection, manifest, hostScript('probe'));
  const owned = scope ? { ...seen, record: recordWithin(seen.record, scope) } : seen;
  const needsKey = manifest.resources.some(({ kind }) => kind === 'secret');
  const digestKey = seen.digestKey ?? (needsKey ? newKey?.() : undefined);
  const known = pinSecrets(manifest, pinsOf(secrets, seen.digestKey), seen.record);
  const pinned = digestKey === seen.digestKey ? known : pinSecrets(manifest, pinsOf(secrets, digestKey), seen.record);
  return { ...plansOf(known, pinned, owned, consent), seen, manifest: pinned, digestKey };
}

/** How a host is planned. */
export interface PlanHostOptions {
  readonly newKey?: (() => DigestKey) | undefined;
  readonly consent?: Consent | undefined;
  /** Ids of the only resources that the manifest speaks of: what else the project has on the host stays as it is. */
  readonly scope?: ReadonlySet<string> | undefined;
}

function plansOf(
  known: HostManifest,
  pinned: HostManifest,
  { observed, record }: Probe,
  consent: Consent,
): Pick<HostPlan, 'plan' | 'shown' | 'hash' | 'bare'> {
  const bare = makePlan(known, observed, record, { ...noPermission, adopt: consent.adopt });
  const permission = permissionFrom(bare, consent);
  const shown = withTokens(makePlan(known, observed, record, permission), bare);
  const plan = known === pinned ? shown : withTokens(makePlan(pinned, observed, record, permission), bare);
  return { plan, shown, hash: planHash(shown), bare };
}

/** Where what was built and fetched is kept between runs. */
export const cacheFolder = (project: Project): string => join(project.folder, '.fairlead', 'cache');
