// --- migrations of sequelize-cli -----------------------------------------------------------------------------------------------

const { createHash } = require('node:crypto');
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { isAbsolute, join } = require('node:path');

/** Where a module of the program is, or undefined. */
function ofProgram(module) {
  try {
    return require(require.resolve(module, { paths: [process.cwd()] }));
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The value of an option, as `--name value` or `--name=value`. */
function optionOf(command, option) {
  const at = command.findIndex((word) => word === option || word.startsWith(`${option}=`));
  if (at < 0) return undefined;
  return command[at] === option ? command[at + 1] : command[at].slice(option.length + 1);
}

const absolute = (path) => (isAbsolute(path) ? path : join(process.cwd(), path));

/** The folder and the last migration that a command means; undefined for one that is not `sequelize-cli db:migrate`. */
function sequelizeCommand(command) {
  if (!command.includes('db:migrate') || !command.some((word) => /(^|\/)sequelize(-cli)?(\.js)?$/.test(word)))
    return undefined;
  const options = optionOf(command, '--options-path') ?? (existsSync('.sequelizerc') ? '.sequelizerc' : undefined);
  const set = options === undefined ? {} : require(absolute(options));
  const folder = optionOf(command, '--migrations-path') ?? set['migrations-path'] ?? 'migrations';
  return { folder: absolute(folder), to: optionOf(command, '--to') };
}

/** The migrations of a folder in their order, each with its hash and what its author says of it. */
function migrationsIn(folder) {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => /\.(cjs|js|cts|ts)$/.test(file) && !file.endsWith('.d.ts'));
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file));
    const sha256 = createHash('sha256').update(text).digest('hex');
    return {
      name: file,
      path: join(folder, file),
      sha256,
      agreed: /fairlead:\s*contract\b/i.test(text.toString('utf8')),
    };
  });
}

/** A column as describeTable tells it, for whichever is asked. */
const anyColumn = { type: 'TEXT', allowNull: true, defaultValue: null, primaryKey: false };

/** A database that writes down what it is asked, and is empty. */
function recorder({ Sequelize }, statements) {
  const sequelize = new Sequelize({ dialect: 'postgres', logging: false });
  sequelize.query = async (sql, options = {}) => {
    statements.push(typeof sql === 'string' ? sql : (sql.query ?? ''));
    return options.type === 'SELECT' ? [] : [[], {}];
  };
  sequelize.transaction = async (options, body) => {
    const work = typeof options === 'function' ? options : body;
    const transaction = { commit: async () => {}, rollback: async () => {}, afterCommit() {}, LOCK: {} };
    return work ? work(transaction) : transaction;
  };
  const tables = sequelize.getQueryInterface();
  tables.describeTable = async () =>
    new Proxy({}, { get: (_, key) => (typeof key === 'string' ? { ...anyColumn } : undefined) });
  tables.tableExists = async () => true;
  tables.showAllTables = async () => [];
  tables.rawSelect = async () => null;
  return { tables, Sequelize };
}

const late = (milliseconds) =>
  new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`took longer than ${milliseconds / 1000} s`)), milliseconds).unref(),
  );

/** What a migration would do to the old release: `kind` is expand, contract or unknown. */
async function kindOf({ path }) {
  const sequelize = ofProgram('sequelize');
  if (!sequelize) return { kind: 'unknown', contracting: [], hazards: ['sequelize is not in the release'] };
  const statements = [];
  const { tables, Sequelize } = recorder(sequelize, statements);
  try {
    const loaded = require(path);
    await Promise.race([(loaded.default ?? loaded).up(tables, Sequelize), late(10_000)]);
  } catch (error) {
    return {
      kind: 'unknown',
      contracting: [],
      hazards: [`what it does cannot be told without its data (${error.message})`],
    };
  }
  const { contracting, hazards } = judge(statements);
  return { kind: contracting.length > 0 ? 'contract' : 'expand', contracting, hazards };
}
