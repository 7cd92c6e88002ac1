/**
 * One thing that the executor on the host does (apply/host/executor/ has a function for each `op`). A step is data: it can be
 * printed, hashed and compared. `args` hold no line breaks and no `|`.
 */
export interface Step {
  readonly op: Operation;
  readonly args: readonly string[];
  /** What people read while it runs, such as `write /etc/nginx/sites-available/notes.conf`. */
  readonly title: string;
  /** Whether the executor can put back what was there before. */
  readonly reversible: boolean;
  /** Uploads that it needs, by name: `sha256-<hash>` of a file's content, or an artifact. */
  readonly uploads: readonly string[];
}

export type Operation =
  | 'package_install'
  | 'package_remove'
  | 'group_create'
  | 'group_remove'
  | 'user_create'
  | 'user_remove'
  | 'directory'
  | 'directory_remove'
  | 'file'
  | 'symlink'
  | 'keep_original'
  | 'path_remove'
  | 'secret'
  | 'secret_generate'
  | 'secret_file'
  | 'secret_remove'
  | 'future'
  | 'validate'
  | 'confirm'
  | 'hold'
  | 'daemon_reload'
  | 'unit_activate'
  | 'unit_attempt'
  | 'unit_leave'
  | 'http_check'
  | 'postgres_cluster'
  | 'postgres_cluster_drop'
  | 'postgres_upgrade'
  | 'postgres_open'
  | 'postgres_role'
  | 'postgres_role_drop'
  | 'postgres_database'
  | 'postgres_database_drop'
  | 'runtime_install'
  | 'bundle_unpack'
  | 'release_stage'
  | 'release_migrate'
  | 'release_ready'
  | 'release_switch'
  | 'release_start'
  | 'release_drain'
  | 'release_remove'
  | 'note';

/** Makes a step. */
export function step(
  op: Operation,
  args: readonly (string | number)[],
  title: string,
  more: { readonly reversible?: boolean; readonly uploads?: readonly string[] } = {},
): Step {
  return { op, args: args.map(String), title, reversible: more.reversible ?? false, uploads: more.uploads ?? [] };
}
