/** Languages that templates write; each has its own way to take a value as data. */
export type Grammar = 'nginx' | 'systemd' | 'systemd-exec' | 'environment-file' | 'tmpfiles' | 'identifier';

/** A value that cannot be written in a language at all. Rules refuse such values before; this is the last line. */
export class UnwritableValue extends Error {
  constructor(value: string, grammar: Grammar, because: string) {
    super(`${JSON.stringify(value)} cannot be written to a ${grammar} file: ${because}`);
    this.name = 'UnwritableValue';
  }
}

/** Writes `value` so that the reader of `grammar` gets exactly its characters back, as one word. */
export function escapeFor(value: string, grammar: Grammar): string {
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(value))
    throw new UnwritableValue(value, grammar, 'it holds a control character');
  return writers[grammar](value);
}

const oneLine = (value: string, grammar: Grammar) => {
  if (/[\n\t]/.test(value)) throw new UnwritableValue(value, grammar, 'it has more than one line');
  return value;
};

const writers: Record<Grammar, (value: string) => string> = {
  /** nginx: ngx_conf_file.c; a `$` always starts a variable and cannot be escaped. */
  nginx(value) {
    if (value.includes('$')) throw new UnwritableValue(value, 'nginx', 'a $ there starts a variable');
    return /^[\w./:@%+,=*~-]+$/.test(oneLine(value, 'nginx')) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
  },
  /** systemd.unit(5): a value outside command lines; only specifiers are special. */
  systemd(value) {
    if (/\\$|^\s|\s$/.test(value)) throw new UnwritableValue(value, 'systemd', 'an end of it would be lost');
    return oneLine(value, 'systemd').replaceAll('%', '%%');
  },
  /** systemd.service(5), "Command lines": one argument, in double quotes where it needs them. */
  'systemd-exec'(value) {
    const escaped = oneLine(value, 'systemd-exec').replaceAll('%', '%%').replaceAll('$', '$$$$');
    return /^[\w./:@%+,=$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, '\\$&')}"`;
  },
  /** systemd.exec(5), EnvironmentFile=: double quotes with the escapes of the POSIX shell; no expansion takes place. */
  'environment-file': (value) => `"${value.replaceAll(/["\\$`]/g, '\\$&')}"`,
  /** tmpfiles.d(5): fields separated by spaces, specifiers with %. */
  tmpfiles(value) {
    if (/\s/.test(value)) throw new UnwritableValue(value, 'tmpfiles', 'it holds white space');
    if (/["'\\]/.test(value)) throw new UnwritableValue(value, 'tmpfiles', 'it holds a quote or a backslash');
    return value.replaceAll('%', '%%');
  },
  /** A name of letters, digits and underscores, as variables have in every one of these languages. */
  identifier(value) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) throw new UnwritableValue(value, 'identifier', 'it is not a name');
    return value;
  },
};
