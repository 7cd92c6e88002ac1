import { type Audit, readAudit } from '../apply/audit.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { hostScript } from '../project/assets.ts';
import { auditText } from '../report/audit.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { asJson, askHosts, failedToAsk, tellAnswers } from './ask-hosts.ts';
import { type CommonOptions, colorsOf, openSession, printJson, type Terminal } from './context.ts';

export type AuditAction = 'list' | 'verify';

/**
 * Shows who applied what to each host, or holds the logs against their chain of hashes. Exit code 1 when one of them does not hold
 * together, 8 when a host could not be reached.
 */
export async function audit(options: CommonOptions, terminal: Terminal, action: AuditAction): Promise<ExitCode> {
  const session = await openSession(options, terminal);
  const results = await askHosts(session, (connection, host) => auditOf(connection, session.spec.name, host));
  const colors = colorsOf(terminal);
  if (options.json)
    printJson(terminal, { format: 1, hosts: results.map((result) => asJson(result, (one) => ({ ...one }))) });
  tellAnswers(results, terminal, (host, one) => {
    if (!options.json) terminal.out.write(auditText(host, one, action, colors));
  });
  if (results.some((result) => 'answer' in result && result.answer.flaws.length > 0)) return ExitCode.error;
  return failedToAsk(results) ?? ExitCode.done;
}

async function auditOf(connection: Connection, project: string, host: ResolvedHostFile): Promise<Audit> {
  const { code, stdout } = await connection.run(hostScript('audit'), { input: `${project}\n` });
  if (code === 0) return readAudit(stdout.toString('utf8'));
  throw failure(
    {
      code: 'audit.unreadable',
      subject: host.name,
      message: `the log of applies on ${host.name} could not be read (exit code ${code})`,
      fix: 'look at /var/lib/fairlead on the host',
    },
    ExitCode.unreachable,
  );
}
