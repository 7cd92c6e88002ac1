/** Languages that templates write; each has its own way to take a value as data. */
export type Grammar =
  | 'nginx'
  | 'nginx-text'
  | 'htpasswd'
  | 'html'
  | 'systemd'
  | 'systemd-exec'
  | 'systemd-specifiers'
  | 'environment-file'
  | 'pgpass'
  | 'tmpfiles'
  | 'identifier'
  | 'certbot'
  | 'word'
  | 'sysctl'
  | 'apt'
  | 'authorized-keys'
  | 'secret'
  | 'postgres'
  | 'pg-hba'
  | 'sql'
  | 'sql-identifier'
  | 'pgbouncer'
  | 'ini'
  | 'redis'
  | 'compose'
  | 'dockerfile'
  | 'workflow'
  | 'workflow-run'
  | 'foreign';

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
  if (/[\p{Surrogate}\p{Noncharacter_Code_Point}]/u.test(value))
    throw new UnwritableValue(value, grammar, 'it holds something that is no character of Unicode');
  return writers[grammar](value);
}

const oneLine = (value: string, grammar: Grammar) => {
  if (/[\n\t]/.test(value)) throw new UnwritableValue(value, grammar, 'it has more than one line');
  return value;
};

/** The variable that holds a `$` in compiled sites, as it is written inside quotes. */
export const nginxDollar = `$\{fairlead_dollar}`;

function nginxToken(value: string, grammar: Grammar): string {
  if (/^[\w./:@%+,=*~-]+$/.test(oneLine(value, grammar))) return value;
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

const writers: Record<Grammar, (value: string) => string> = {
  /** nginx: ngx_conf_file.c; a `$` always starts a variable and cannot be escaped. */
  nginx(value) {
    if (value.includes('$')) throw new UnwritableValue(value, 'nginx', 'a $ there starts a variable');
    return nginxToken(value, 'nginx');
  },
  /** nginx where a directive takes variables: one that the site's file defines stands for each `$`. */
  'nginx-text': (value) => nginxToken(value, 'nginx-text').replaceAll('$', nginxDollar),
  /** The name of a user in a file for auth_basic_user_file. */
  htpasswd(value) {
    if (!/^[A-Za-z0-9][\w-]*$/.test(value)) throw new UnwritableValue(value, 'htpasswd', 'it is not a user name');
    return value;
  },
  /** Text of an HTML element, or of an attribute in double quotes. */
  html: (value) => value.replaceAll(/[&<>"']/g, (found) => `&#${found.codePointAt(0)};`),
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
  /** systemd.unit(5), "Specifiers": a path of the compiler's own, whose specifiers systemd shall fill in. */
  'systemd-specifiers'(value) {
    if (!/^([\w./@-]|%[A-Za-z])+$/.test(value)) throw new UnwritableValue(value, 'systemd-specifiers', 'it is no path');
    return value;
  },
  /** systemd.exec(5), EnvironmentFile=: double quotes with the escapes of the POSIX shell; no expansion takes place. */
  'environment-file': (value) => `"${value.replaceAll(/["\\$`]/g, '\\$&')}"`,
  /** libpq, "The Password File": one field of a line. */
  pgpass: (value) => oneLine(value, 'pgpass').replaceAll(/[:\\]/g, '\\$&'),
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
  /** cli.ini of Certbot, as ConfigArgParse reads it: one word; brackets make lists, and there are no escapes. */
  certbot(value) {
    if (!/^[\w/.~%+*-][^\s"'[\]]*$/u.test(value)) throw new UnwritableValue(value, 'certbot', 'it is not one word');
    return value;
  },
  /** postgresql.conf (guc-file.l): bare numbers and words, else single quotes, in which a backslash escapes. */
  postgres: (value) =>
    /^(-?[0-9]+(\.[0-9]+)?[A-Za-z]*|[A-Za-z][A-Za-z0-9_]*)$/.test(value)
      ? value
      : `'${oneLine(value, 'postgres').replaceAll(/['\\]/g, '$&$&')}'`,
  /** pg_hba.conf and pg_ident.conf (hba.c): one token in double quotes, where no keyword is one. */
  'pg-hba'(value) {
    if (/^[+@/]/.test(value)) throw new UnwritableValue(value, 'pg-hba', 'its first character would be read as a sign');
    return `"${oneLine(value, 'pg-hba').replaceAll('"', '""')}"`;
  },
  /** SQL: a literal under standard_conforming_strings. */
  sql(value) {
    return `'${oneLine(value, 'sql').replaceAll("'", "''")}'`;
  },
  /** SQL: a quoted identifier. */
  'sql-identifier'(value) {
    if (value === '') throw new UnwritableValue(value, 'sql-identifier', 'it is empty');
    return `"${oneLine(value, 'sql-identifier').replaceAll('"', '""')}"`;
  },
  /** pgbouncer.ini (loader.c, "connect string"): a value in single quotes. */
  pgbouncer: (value) => `'${oneLine(value, 'pgbouncer').replaceAll("'", "''")}'`,
  /** pgbackrest.conf (ini.c) and pgbouncer.ini (cfparser.c): a value is the rest of its line, without the white space at its ends. */
  ini(value) {
    if (/^\s|\s$|^$/.test(value)) throw new UnwritableValue(value, 'ini', 'an end of it would be lost');
    return oneLine(value, 'ini');
  },
  /** redis.conf (sds.c, sdssplitargs): one word, in double quotes where it needs them. */
  redis(value) {
    const word = oneLine(value, 'redis');
    return /^[\w./:@%+,=-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, '\\$&')}"`;
  },
  /** A word that no language gives a meaning of its own: a number, an address, a name, a path. */
  word(value) {
    if (!/^[A-Za-z0-9_./:][A-Za-z0-9_./:@+-]*$/.test(value))
      throw new UnwritableValue(value, 'word', 'it is no plain word');
    return value;
  },
  /** sysctl.d(5): all behind the equals sign, without white space at its ends. */
  sysctl(value) {
    if (/^\s|\s$|^$/.test(value)) throw new UnwritableValue(value, 'sysctl', 'an end of it would be lost');
    return oneLine(value, 'sysctl');
  },
  /** apt.conf(5): inside double quotes, where nothing can be escaped. */
  apt(value) {
    if (/["\\]/.test(value)) throw new UnwritableValue(value, 'apt', 'it holds a quote or a backslash');
    return oneLine(value, 'apt');
  },
  /** sshd(8), AUTHORIZED_KEYS FILE FORMAT: a type, a key and a comment; nothing stands before the type, so there are no options. */
  'authorized-keys'(value) {
    if (!/^[a-z][a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( .*)?$/.test(oneLine(value, 'authorized-keys')))
      throw new UnwritableValue(value, 'authorized-keys', 'it is no public key');
    return value;
  },
  /** The place of a secret's value in a secret-file (resources/secret-file.ts). */
  secret(value) {
    if (!/^[A-Z][A-Z0-9_]*(:crypt|:pgpass)?$/.test(value))
      throw new UnwritableValue(value, 'secret', 'it names no secret');
    return `@@${value}@@`;
  },
  /** Compose file (compose-spec, "Interpolation"): a text in YAML, where `$$` stands for one dollar. */
  compose: (value) => value.replaceAll('$', '$$$$'),
  /** An element of the JSON array of RUN, CMD or HEALTHCHECK, where nothing is expanded; `<<` would begin a here-document. */
  dockerfile: (value) => JSON.stringify(value).replaceAll('<', '\\u003c'),
  /** GitHub workflow: a text in YAML, where an expression is the only way to write the beginning of an expression. */
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is GitHub's own syntax
  workflow: (value) => value.replaceAll('${{', "${{ '${{' }}"),
  /** GitHub workflow, `run:`: a shell script, where an expression would become code. */
  'workflow-run'(value) {
    if (value.includes('${{')) throw new UnwritableValue(value, 'workflow-run', 'GitHub would fill in ${{');
    return value;
  },
  /** A line of the section `patches`, which is code of the file's own language: it is written as it is. */
  foreign: (value) => oneLine(value, 'foreign'),
};

/** All grammars, for tests that hold each to its cases. */
export const grammars = Object.keys(writers) as Grammar[];
