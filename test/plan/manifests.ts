/** Manifests of the repository's own deploy.yaml, and of edits of it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { pinRelease } from '../../src/compile/release.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import type { ResolvedHostFile } from '../../src/spec/types.ts';

const assets = await loadAssets();
export const deployText = readFileSync(fileURLToPath(new URL('../../deploy.yaml', import.meta.url)), 'utf8');

const hostText = (roles: string) => `name: web-1
address: 192.0.2.10
os: debian-12
hostKeys:
  - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G
roles: [${roles}]
`;

export interface Variation {
  /** Replaces text of deploy.yaml; what is not found is a fault of the test. */
  readonly replace?: readonly (readonly [RegExp, string])[];
  readonly roles?: string;
  /** Stands for the content of the source folder. */
  readonly source?: string;
}

/** The manifest of web-1 in production. */
export function manifest({
  replace = [],
  roles = 'proxy, app, database',
  source = 'one',
}: Variation = {}): HostManifest {
  const text = replace.reduce((before, [pattern, with_]) => {
    if (!pattern.test(before)) throw new Error(`deploy.yaml has no ${pattern}`);
    return before.replace(pattern, with_);
  }, deployText);
  const file = { path: 'hosts/production/web-1/host.yaml', text: hostText(roles) };
  const sources = {
    deploy: { path: 'deploy.yaml', text },
    hosts: [{ environment: 'production', folder: 'web-1', file }],
  };
  const { spec } = specOf({ folder: '/nowhere', sources }, 'production', assets);
  return pinRelease(manifestOf(spec, spec.hosts[0] as ResolvedHostFile, assets), source);
}

const section = (name: string) => new RegExp(`^${name}:\\n(  .*\\n)+\\n?`, 'm');

export const edits = {
  encrypted: { replace: [[/tls:\n {2}provider: none/, 'tls:\n  email: ops@example.com']] },
  bodyLimit: { replace: [[/bodyLimit: 20m/, 'bodyLimit: 50m']] },
  noProxy: {
    replace: [
      [section('environments'), ''],
      [section('proxy'), ''],
    ],
  },
  noDatabase: {
    replace: [
      [section('database'), ''],
      [/^ {2}migrations: .*\n/m, ''],
    ],
  },
  oneInstance: { replace: [[/instances: 2/, 'instances: 1']] },
  otherSource: { source: 'two' },
} satisfies Record<string, Variation>;

/** The line, from 1, on which a text stands in deploy.yaml. */
export const lineOf = (text: string): number => deployText.slice(0, deployText.indexOf(text)).split('\n').length;
