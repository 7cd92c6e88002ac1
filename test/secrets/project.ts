/** Projects with secrets, in folders of their own, and the manifest of a host that needs them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { directory, secretFile, secretId, secretPath } from '../../src/compile/parts.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import type { Resource, SecretResource } from '../../src/resources/resource.ts';
import { type ResolvedSpec, resolve } from '../../src/spec/resolve.ts';

const { contracts } = await loadAssets();

/** A folder that is removed by `remove`. */
export function scratch(): {
  readonly folder: string;
  remove(): void;
  put(path: string, text: string, mode?: number): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-secrets-test-'));
  return {
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    put(path, text, mode = 0o600) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { mode });
    },
  };
}

/** The text of a deploy.yaml whose program gets every secret of a section `secrets`, given as its lines. */
export const deployText = (names: readonly string[], more: readonly string[]): string =>
  [
    'name: notes',
    `app: { source: service, start: node dist/server.js, secrets: [${names.join(', ')}] }`,
    ...more,
    '',
  ].join('\n');

/** Resolves the project in a folder, which needs no hosts. */
export function specIn(folder: string): ResolvedSpec {
  return resolve(loadProject(join(folder, 'deploy.yaml')).sources, 'production', contracts).spec;
}

/** A secret of the project `notes`; with `bytes`, one that the host makes. */
export const secret = (name: string, bytes?: number): SecretResource => ({
  kind: 'secret',
  id: secretId('notes', name),
  path: secretPath('notes', name),
  secret: name,
  ...(bytes === undefined ? {} : { bytes }),
  origin: `secrets.${name}`,
  needs: ['directory:/etc/fairlead/notes/secrets'],
});

/** A file of the project `notes` with secrets in it. */
export const composed = (path: string, text: string, secrets: readonly string[]) =>
  secretFile('notes', path, { text, lines: text.split('\n').map(() => []) }, 'cache', secrets);

/** The manifest of a host, with the folder of the secrets. */
export function manifestWith(...resources: readonly Resource[]): HostManifest {
  const folders = [
    directory('/etc/fairlead', 'host'),
    directory('/etc/fairlead/notes', 'name'),
    directory('/etc/fairlead/notes/secrets', 'secrets', { mode: '700' }),
  ];
  const host = { name: 'web-1', os: 'debian-12', architecture: 'amd64', roles: ['app'] };
  return {
    project: 'notes',
    environment: 'production',
    host: host as never,
    resources: [...folders, ...resources],
    companions: [],
    positions: {},
  };
}
