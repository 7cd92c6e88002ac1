/** An action at one commit of its repository. */
export interface Action {
  readonly name: string;
  /** The release tag that the commit was peeled from. */
  readonly version: string;
  readonly commit: string;
}

/** When each commit was last seen behind its tag and reachable from the default branch. */
export const seen = '2026-08';

const action = (name: string, version: string, commit: string): Action => ({ name, version, commit });

/** Every action that workflows use. Tags move; a commit does not. */
export const actions = {
  checkout: action('actions/checkout', 'v7.0.1', '3d3c42e5aac5ba805825da76410c181273ba90b1'),
  setupNode: action('actions/setup-node', 'v7.0.0', '820762786026740c76f36085b0efc47a31fe5020'),
  uploadArtifact: action('actions/upload-artifact', 'v7.0.1', '043fb46d1a93c77aae656e7c1c64a875d1fc6a0a'),
  downloadArtifact: action('actions/download-artifact', 'v8.0.1', '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c'),
  setupBuildx: action('docker/setup-buildx-action', 'v4.3.0', '37fe631027851001ddb9b187196cc803df7f5f0e'),
  login: action('docker/login-action', 'v4.6.0', 'dbcb813823bdd20940b903addbd779551569679f'),
  buildPush: action('docker/build-push-action', 'v7.3.0', '53b7df96c91f9c12dcc8a07bcb9ccacbed38856a'),
  metadata: action('docker/metadata-action', 'v6.2.0', 'dc802804100637a589fabce1cb79ff13a1411302'),
  attest: action('actions/attest', 'v4.2.2', '1e69f48acb82d1966a394da916b4c1698aa569d6'),
  trivy: action('aquasecurity/trivy-action', 'v0.36.0', 'ed142fd0673e97e23eac54620cfb913e5ce36c25'),
} as const satisfies Record<string, Action>;
