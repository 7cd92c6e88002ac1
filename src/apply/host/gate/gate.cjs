// --- the gate --------------------------------------------------------------------------------------------------------------------

const { spawn } = require('node:child_process');
const { setTimeout: sleep } = require('node:timers/promises');

/** Refuses to go on; the text is for people. */
class Refusal extends Error {}

/** One line for the executor. */
const tell = (word, text) => console.log(`fairlead:${word} ${String(text).replace(/\s+/g, ' ')}`);

/** Nothing to do is not a fault: the executor then does not begin. */
const nothingPending = 3;

/** Faults of a database that is still coming up (errno, and PostgreSQL's appendix A). */
const passing = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  '57P03',
  '53300',
];

/** A direct connection with what libpq would read from the environment; undefined when the program has no `pg`. */
async function connected(seconds) {
  const pg = ofProgram('pg');
  if (!pg || !process.env.PGDATABASE) return undefined;
  const ca = process.env.PGSSLROOTCERT;
  const ssl = ca && existsSync(ca) ? { ssl: { ca: readFileSync(ca, 'utf8') } } : {};
  for (const end = Date.now() + seconds * 1000; ; await sleep(1000)) {
    const client = new pg.Client({
      application_name: 'fairlead',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
      ...ssl,
    });
    // What breaks later is seen by the next question.
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      const isPassing = passing.includes(error.code) || /timeout|terminated/i.test(error.message);
      if (!isPassing || Date.now() > end)
        throw new Refusal(`the database does not let migrations in: ${error.message} (waited at most ${seconds} s)`);
    }
  }
}

/** Of two runs at once the second waits; limits of the role do not hold for that. */
async function lock(client) {
  await client.query('SET lock_timeout = 0');
  await client.query('SET statement_timeout = 0');
  const key = "hashtextextended('fairlead migrations', 0)";
  const { rows } = await client.query(`SELECT pg_try_advisory_lock(${key}) AS got`);
  if (rows[0].got) return;
  tell('note', 'other migrations are at work in this database; waiting for them');
  await client.query(`SELECT pg_advisory_lock(${key})`);
}

/**
 * Names of the migrations that have run; undefined when they are not kept where sequelize-cli keeps them by itself. In a database
 * without a table none has run: sequelize-cli would make its own to tell.
 */
async function appliedIn(client) {
  const { rows: there } = await client.query(`SELECT to_regclass('"SequelizeMeta"') IS NOT NULL AS meta,
    EXISTS (SELECT FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema$)') AS used`);
  if (!there[0].meta) return there[0].used ? undefined : new Set();
  const { rows } = await client.query('SELECT name FROM "SequelizeMeta"');
  return new Set(rows.map(({ name: migration }) => migration));
}

/** sequelize-cli's own word for it, where the table has another name, or is not there yet. */
async function statusOf(command) {
  const words = command.map((word) => (word === 'db:migrate' ? 'db:migrate:status' : word));
  const { code, text } = await ran(words, true);
  if (code !== 0)
    throw new Refusal(`db:migrate:status ended with ${code}: ${text.trim().split('\n').slice(-3).join(' ')}`);
  return new Set([...text.matchAll(/^up +(\S+)$/gm)].map(([, migration]) => migration));
}

/** Runs a command with this Node.js. */
function ran(command, quiet = false) {
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
  });
  let text = '';
  child.stdout?.on('data', (data) => (text += data));
  child.stderr?.on('data', (data) => (text += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, text }));
  });
}

/** What is known of migrations that ran, the newest of each. */
function knownIn(file) {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'));
  return new Map(lines.map((line) => JSON.parse(line)).map((one) => [one.name, one]));
}

/** Migrations that will run: those that have not, up to the one that is meant. */
function pendingOf(all, applied, to) {
  const last = to === undefined ? all.length : all.findIndex((one) => one.name.startsWith(to)) + 1;
  if (last === 0)
    throw new Refusal(
      `app.migrations says --to ${to}, and there is no such migration (sequelize-cli would do nothing and say that all is well)`,
    );
  return all.slice(0, last).filter((one) => !applied.has(one.name));
}

function refuseChanged(all, applied, known) {
  const changed = all.filter(
    (one) => applied.has(one.name) && known.has(one.name) && known.get(one.name).sha256 !== one.sha256,
  );
  if (changed.length === 0) return;
  const names = changed.map((one) => one.name).join(', ');
  throw new Refusal(
    `${names} ran already, and was changed since. A migration runs once: put it back as it was, and write a new one`,
  );
}

function refuseContracting(pending) {
  const refused = pending.filter((one) => one.kind === 'contract' && !one.agreed);
  if (refused.length === 0) return;
  const texts = refused.map((one) => `${one.name} ${one.contracting.join(', ')}`).join('; ');
  throw new Refusal(
    `${texts}: the release that serves may need that. First deploy a release that does not; then say so in the migration, by a comment with the words fairlead: contract`,
  );
}

/** What will run, once nothing speaks against it. */
async function look(all, applied, { to }, known) {
  refuseChanged(all, applied, known);
  const pending = [];
  for (const one of pendingOf(all, applied, to)) pending.push({ ...one, ...(await kindOf(one)) });
  const gone = [...applied].filter((migration) => known.has(migration) && !all.some((one) => one.name === migration));
  if (gone.length > 0) tell('note', `ran before, and not in this release: ${gone.join(', ')}`);
  for (const one of pending) for (const text of one.hazards) tell('note', `${one.name}: ${text}`);
  // In an empty database nobody needs anything yet.
  if (applied.size > 0) refuseContracting(pending);
  return pending;
}

/** What the next gate compares with, and a rollback asks for. */
function remember(all, applied, known, pending) {
  const kinds = new Map(pending.map((one) => [one.name, one.kind]));
  for (const { name: migration, sha256 } of all) {
    if (!applied.has(migration) || known.has(migration)) continue;
    tell('known', JSON.stringify({ name: migration, sha256, kind: kinds.get(migration) ?? 'adopted' }));
  }
}

/** Resolves to the exit code. */
async function pass(mode, seconds, file, command) {
  const meant = sequelizeCommand(command);
  const client = await connected(seconds);
  if (!client)
    tell(
      'note',
      'the program has no pg module: its migrations run without a lock of ours, and what is pending is not known',
    );
  if (client && mode === 'run') await lock(client);
  if (!client || !meant) {
    const { code } = mode === 'run' ? await ran(command) : { code: 0 };
    if (mode === 'run' && code === 0) tell('known', JSON.stringify({ name: '*', sha256: '', kind: 'unknown' }));
    return code;
  }
  const all = migrationsIn(meant.folder);
  const known = knownIn(file);
  const applied = (await appliedIn(client)) ?? (await statusOf(command));
  const pending = await look(all, applied, meant, known);
  if (pending.length === 0) remember(all, applied, known, []);
  if (pending.length === 0) return nothingPending;
  if (mode === 'look')
    tell('note', `migrations to run: ${pending.map((one) => `${one.name} (${one.kind})`).join(', ')}`);
  if (mode === 'look') return 0;
  const { code } = await ran(command);
  const after = (await appliedIn(client)) ?? (await statusOf(command));
  remember(all, after, known, pending);
  const missing = pending.filter((one) => !after.has(one.name)).map((one) => one.name);
  if (code === 0 && missing.length > 0)
    throw new Refusal(`the command ended well, but has not run ${missing.join(', ')}`);
  return code;
}

const [mode, seconds, file, ...command] = process.argv.slice(2);
pass(mode, Number(seconds), file, command).then(
  (code) => process.exit(typeof code === 'number' ? code : 1),
  (error) => {
    tell(error instanceof Refusal ? 'refused' : 'failed', error.message);
    process.exit(1);
  },
);
