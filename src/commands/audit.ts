import { type Audit, readAudit } from '../apply/audit.ts';
import { type DiagnosticsError, ExitCode, failure } from '../diagnostic.ts';
import { hostScript } from '../project/assets.ts';
import { auditText } from '../report/audit.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import {
  type CommonOptions,
  colorsOf,
  complaintColorsOf,
  openSession,
  printJson,
  type Session,
  type Terminal,
} from './context.ts';
import { failureOf } from './host-failure.ts';

export type AuditAction = 'list' | 'verify';

/** The log of one host, or why it could not be read. */
type Result =
  | { readonly host: string; readonly audit: Audit }
  | { readonly host: string; readonly error: DiagnosticsError };

/**
 * Shows who applied what to each host, or holds the logs against their chain of hashes. Exit code 1 when one of them does not hold
 * together, 8 when a host could not be reached.
 */
export async function audit(options: CommonOptions, terminal: Terminal, action: AuditAction): Promise<ExitCode> {
  const session = await openSession(options, terminal);
  const { prepareLogins } = await import('../transport/ssh.ts');
  await prepareLogins(session.hosts, session.project.folder);
  const results = await Promise.all(session.hosts.map((host) => auditOf(session, host)));
  const colors = colorsOf(terminal);
  if (options.json) printJson(terminal, { format: 1, hosts: results.map(asJson) });
  for (const result of results) {
    if ('error' in result)
      terminal.err.write(`${diagnosticsText(result.error.diagnostics, complaintColorsOf(terminal))}\n`);
    else if (!options.json) terminal.out.write(auditText(result.host, result.audit, action, colors));
  }
  if (results.some((result) => 'audit' in result && result.audit.flaws.length > 0)) return ExitCode.error;
  return results.find((result) => 'error' in result)?.error.exitCode ?? ExitCode.done;
}

const asJson = (result: Result) =>
  'error' in result
    ? { host: result.host, diagnostics: result.error.diagnostics }
    : { host: result.host, ...result.audit };

async function auditOf({ spec, project }: Session, host: ResolvedHostFile): Promise<Result> {
  const { connectSsh } = await import('../transport/ssh.ts');
  try {
    const connection = await connectSsh(host, project.folder);
    try {
      const { code, stdout } = await connection.run(hostScript('audit'), { input: `${spec.name}\n` });
      if (code !== 0) throw unreadable(host, code);
      return { host: host.name, audit: readAudit(stdout.toString('utf8')) };
    } finally {
      connection.close();
    }
  } catch (error) {
    return { host: host.name, error: failureOf(error, host.name) };
  }
}

const unreadable = (host: ResolvedHostFile, code: number) =>
  failure(
    {
      code: 'audit.unreadable',
      subject: host.name,
      message: `the log of applies on ${host.name} could not be read (exit code ${code})`,
      fix: 'look at /var/lib/fairlead on the host',
    },
    ExitCode.unreachable,
  );
