import { join } from 'node:path';
import { type Probe, probe } from './apply/probe.ts';
import { readSource, type Source } from './apply/source.ts';
import { compile } from './compile/compile.ts';
import type { HostManifest } from './compile/manifest.ts';
import { pinRelease, releaseOf } from './compile/release.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Plan } from './plan/change.ts';
import { makePlan } from './plan/plan.ts';
import { type Assets, hostScript } from './project/assets.ts';
import type { Project } from './project/load.ts';
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

/** One exec on the host, then the difference between it, its record and the manifest. */
export async function planHost(connection: Connection, manifest: HostManifest): Promise<{ plan: Plan; seen: Probe }> {
  const seen = await probe(connection, manifest, hostScript('probe'));
  return { plan: makePlan(manifest, seen.observed, seen.record), seen };
}

/** Where what was built and fetched is kept between runs. */
export const cacheFolder = (project: Project): string => join(project.folder, '.fairlead', 'cache');
