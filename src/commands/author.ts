import { hostname, userInfo } from 'node:os';
import { capture } from '../transport/local.ts';

/** Who applies what, for the host's log of applies and for whoever finds the host locked. */
export interface Author {
  /** `<user>@<machine>`, or the account that started a run of GitHub Actions. */
  readonly who: string;
  /** The commit of the project, with `+changes` where files differ from it; `none` where Git knows nothing. */
  readonly commit: string;
  /** Where the run of a CI can be read. */
  readonly run?: string;
}

/** Finds out who is at work on the project in this folder. */
export async function authorOf(folder: string, environment: NodeJS.ProcessEnv): Promise<Author> {
  const commit = await commitOf(folder);
  const {
    GITHUB_ACTOR: actor,
    GITHUB_RUN_ID: id,
    GITHUB_SERVER_URL: server,
    GITHUB_REPOSITORY: repository,
  } = environment;
  const who = id && actor ? `${actor} (GitHub Actions)` : `${userName()}@${hostname()}`;
  return { who, commit, ...(id ? { run: `${server}/${repository}/actions/runs/${id}` } : {}) };
}

/** The name of whoever runs this, or the number. A container may run as a user that its passwd(5) does not know. */
export function userName(of: typeof userInfo = userInfo): string {
  try {
    return of().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

async function commitOf(folder: string): Promise<string> {
  const [head, status] = await Promise.all([
    capture('git', ['rev-parse', '--verify', 'HEAD'], folder),
    capture('git', ['status', '--porcelain', '--untracked-files=no'], folder),
  ]);
  if (head.exitCode !== 0) return 'none';
  return `${head.stdout.trim()}${status.stdout.trim() === '' ? '' : '+changes'}`;
}
