// The gate of migrations: runs on a host as `node - <look|run> <seconds to wait> <file of known migrations> <command…>`, in the folder
// of the new release, as its user and with its environment (executor/migrations.sh). Made of the files in src/apply/host/gate/, one after
// another. Needs Node.js 20 or newer; knows migrations of sequelize-cli 6 (umzug 2), and reaches the database by the program's own `pg`.
// Lines for the executor begin with "fairlead:"; all others are what the migrations print.
'use strict';

// --- statements of SQL --------------------------------------------------------------------------------------------------------
// While a release is deployed, the one before it runs on the new schema. A statement expands (both can run on what it leaves) or
// contracts (what the old one reads or writes is gone, or is refused).

/** Without comments and contents of strings; functions that are only defined do nothing yet. */
const bare = (sql) =>
  sql
    .replace(/--[^\n]*/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\bcreate\s+(?:or\s+replace\s+)?(?:function|procedure)\b[\s\S]*?(\$\w*\$)[\s\S]*?\1/gi, 'create function')
    .replace(/'(?:[^']|'')*'/g, "''");

/** The name of a table without its quotes, and without the schema that is everybody's. */
const tableName = (text) =>
  text
    .replaceAll('"', '')
    .replace(/^public\./i, '')
    .toLowerCase();

const name = String.raw`((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)`;
const createTable = new RegExp(String.raw`\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?${name}`, 'i');
const alterTable = new RegExp(String.raw`\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?${name}\s+([\s\S]*)`, 'i');
const createIndex = new RegExp(
  String.raw`\bcreate\s+(unique\s+)?index\s+(concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:${name}\s+)?on\s+(?:only\s+)?${name}`,
  'i',
);

const dropped = new RegExp(
  String.raw`\bdrop\s+(table|view|materialized\s+view|type|schema|function|sequence)\s+(?:if\s+exists\s+)?${name}`,
  'i',
);

/** What ALTER TABLE may do to whoever still uses the table: a pattern, and what to say. */
const alterations = [
  [/\bdrop\s+column\b/i, 'drops a column of'],
  [/\brename\b/i, 'renames'],
  [/\balter\s+(?:column\s+)?\S+\s+(?:set\s+data\s+)?type\b/i, 'changes a type in'],
  [/\bset\s+not\s+null\b/i, 'demands a value in'],
  [/\bdrop\s+default\b/i, 'takes a default value from'],
  [
    /\badd\s+(?:column\s+)?(?!constraint)(?:(?!,\s*add\b|\bdefault\b)[\s\S])*\bnot\s+null\b(?!(?:(?!,\s*add\b)[\s\S])*\bdefault\b)/i,
    'demands a value in a new column of',
  ],
  [/\badd\s+(?:constraint\b|unique\b|check\b|foreign\b|exclude\b|primary\b)/i, 'refuses rows that were allowed in'],
];

/**
 * What statements do, in their order: `contracting` and `hazards` are lists of sentences. A table that they make themselves is used by
 * nobody yet.
 */
function judge(statements) {
  const made = new Set();
  const contracting = [];
  const hazards = [];
  for (const sql of statements.map(bare).flatMap((text) => text.split(';'))) {
    const created = sql.match(createTable);
    if (created) made.add(tableName(created[1]));
    const index = sql.match(createIndex);
    const altered = sql.match(alterTable);
    if (index && !made.has(tableName(index[4]))) {
      if (index[1]) contracting.push(`refuses rows that were allowed in ${tableName(index[4])}`);
      if (!index[2])
        hazards.push(
          `nobody can write to ${tableName(index[4])} while its index is made; CREATE INDEX CONCURRENTLY avoids that`,
        );
    } else if (altered && !made.has(tableName(altered[1]))) {
      const found = alterations.filter(([pattern]) => pattern.test(altered[2]));
      contracting.push(...found.map(([, text]) => `${text} ${tableName(altered[1])}`));
    } else if (dropped.test(sql)) {
      const [, kind, what] = sql.match(dropped);
      contracting.push(`drops ${kind.toLowerCase()} ${tableName(what)}`);
    } else if (/^\s*truncate\b/i.test(sql)) contracting.push('removes all rows of a table');
  }
  return { contracting: [...new Set(contracting)], hazards: [...new Set(hazards)] };
}
