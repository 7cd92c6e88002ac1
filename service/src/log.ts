export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

type Fields = Readonly<Record<string, unknown>>;

/** Writes one JSON object a line; lines below the chosen level are dropped. */
export type Log = Record<LogLevel, (message: string, fields?: Fields) => void>;

/** A log over any line writer; stdout in production, where the journal adds host and unit. */
export function createLog(level: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  const threshold = logLevels.indexOf(level);
  const writer =
    (name: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      if (logLevels.indexOf(name) < threshold) return;
      write(`${JSON.stringify({ time: new Date().toISOString(), level: name, message, ...fields })}\n`);
    };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** What a log may hold of an error: never the SQL text, which can quote what a user wrote. */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: String(error) };
  const { code, parent, cause } = error as Error & { code?: unknown; parent?: unknown; cause?: unknown };
  const origin = parent ?? cause;
  return {
    error: error.message || error.name,
    stack: error.stack,
    ...(code === undefined ? {} : { code }),
    ...(origin === undefined || origin === error ? {} : { origin: errorFields(origin) }),
  };
}
