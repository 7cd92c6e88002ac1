import { join } from 'node:path';
import { type Probe, probe } from './apply/probe.ts';
import { readSource, type Source } from './apply/source.ts';
import { compile } from './compile/compile.ts';
import type { HostManifest } from './compile/manifest.ts';
import { pinRelease, releaseOf } from './compile/release.ts';
import { pinSecrets } from './compile/secrets/pin.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Plan } from './plan/change.ts';
import { makePlan } from './plan/plan.ts';
import { type Assets, hostScript } from './project/assets.ts';
import type { Project } from './project/load.ts';
import type { DigestKey } from './secrets/digest-key.ts';
import { noSecrets, pinsOf, type Secrets } from './secrets/fetch.ts';
import { type ResolvedSpec, resolve } from './spec/resolve.ts';
import type { ResolvedHostFile } from './spec/types.ts';
import type { Connection } from './transport/transport.ts';

/** deploy.yaml and host files, parsed, validated and resolved for one environment. */
export function specOf(
  project: Project,
  environment: string,
  assets: Assets,
): { spec: ResolvedSpec; warnings: readonly Diagnostic[] } {
  return resolve(project.sources, environment, assets.contracts);
}

/** What one host should have. */
export function manifestOf(spec: ResolvedSpec, host: ResolvedHostFile, assets: Assets): HostManifest {
  return compile({ spec, host, templates: assets.templates });
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
  newKey?: () => DigestKey,
): Promise<HostPlan> {
  const seen = await probe(connection, manifest, hostScript('probe'));
  const needsKey = manifest.resources.some(({ kind }) => kind === 'secret');
  const digestKey = seen.digestKey ?? (needsKey ? newKey?.() : undefined);
  const pinned = pinSecrets(manifest, pinsOf(secrets, digestKey), seen.record);
  return { plan: makePlan(pinned, seen.observed, seen.record), seen, manifest: pinned, digestKey };
}

/** Where what was built and fetched is kept between runs. */
export const cacheFolder = (project: Project): string => join(project.folder, '.fairlead', 'cache');
