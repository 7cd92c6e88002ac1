import { DiagnosticsError, failure } from '../diagnostic.ts';

/** What went wrong on one host, even if nobody expected it: the other hosts go on. */
export function failureOf(error: unknown, host: string): DiagnosticsError {
  if (error instanceof DiagnosticsError) return error;
  const detail = process.env.FAIRLEAD_DEBUG && error instanceof Error ? error.stack : String(error);
  return failure({
    code: 'host.internal',
    subject: host,
    message: `internal error at the work on ${host}: ${detail}`,
    fix: 'this is a fault of Fairlead, or a file in /var/lib/fairlead on the host is damaged; run again with FAIRLEAD_DEBUG=1 and report what it prints',
  });
}
