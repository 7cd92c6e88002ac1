import type { Listener } from '../apply/events.ts';
import { exitCodeOf, type Outcome } from '../apply/events.ts';
import { attachTo } from '../apply/transaction.ts';
import type { ExitCode } from '../diagnostic.ts';
import { hostScript } from '../project/assets.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { confirmReach } from './apply-one.ts';
import type { Session } from './context.ts';
import { failureOf } from './host-failure.ts';

/** What a host's apply came to, as its log says. */
type Ended = { readonly outcome: Outcome; readonly text: string };

/**
 * Follows an apply that was begun before, from its beginning to its end, on every host of a session.
 *
 * @param id its id; undefined for the newest on each host.
 */
export async function attachAll(session: Session, id: string | undefined, listen: Listener): Promise<void> {
  const { prepareLogins } = await import('../transport/ssh.ts');
  await prepareLogins(session.hosts, session.project.folder);
  await Promise.all(
    session.hosts.map(async (host) => {
      const started = performance.now();
      const end = await attachOne(session, host, id, listen);
      listen({ type: 'end', host: host.name, ...end, milliseconds: performance.now() - started });
    }),
  );
}

async function attachOne(
  session: Session,
  host: ResolvedHostFile,
  id: string | undefined,
  listen: Listener,
): Promise<Ended> {
  const { connectSsh } = await import('../transport/ssh.ts');
  try {
    const connection = await connectSsh(host, session.project.folder);
    try {
      const follow = session.commandFor('attach', [host.name]);
      const followed = { host: host.name, project: session.spec.name, id, follow };
      const confirm = (newest: string) => confirmReach(host, session.spec.name, newest, session.project.folder);
      return await attachTo(connection, followed, hostScript('attach'), confirm, listen);
    } finally {
      connection.close();
    }
  } catch (error) {
    const { exitCode, message } = failureOf(error, host.name);
    return { outcome: outcomeFor(exitCode), text: message };
  }
}

const outcomeFor = (code: ExitCode): Outcome =>
  (Object.keys(exitCodeOf) as Outcome[]).find((outcome) => outcome !== 'lost' && exitCodeOf[outcome] === code) ??
  'failed';
