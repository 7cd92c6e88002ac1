import { parseArgs } from 'node:util';
import { readDatabaseConfig } from './config.ts';
import { connect } from './db/connection.ts';
import { createNotesRepository, type NotesRepository } from './notes/repository.ts';
import { sampleNote } from './notes/samples.ts';

const batchSize = 1000;
const progressEvery = 10_000;
const countMax = 10_000_000;

const usage = `Usage: node dist/seed.js [--count N]

Adds N varied notes (default 100, at most ${countMax}) to the database that PGHOST, PGPORT, PGDATABASE, PGUSER name.

  --count N   how many notes to add
  --help      show this text`;

class UsageError extends Error {}

function readArguments(args: string[]): { count: number; help: boolean } {
  const { values } = parsed(args);
  const { count = '100', help = false } = values;
  const number = /^\d{1,9}$/.test(count) ? Number(count) : 0;
  if (number < 1 || number > countMax) {
    throw new UsageError(`--count must be a whole number from 1 to ${countMax}, but is "${count}"`);
  }
  return { count: number, help };
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: { count: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Adds `count` notes in batches, each one statement; a failure keeps the batches before it. */
async function addNotes(notes: NotesRepository, count: number) {
  for (let start = 0; start < count; start += batchSize) {
    const length = Math.min(batchSize, count - start);
    await notes.addMany(Array.from({ length }, (_, offset) => sampleNote(start + offset)));
    const added = start + length;
    if (added % progressEvery === 0 && added < count) console.log(`${added} of ${count} notes added`);
  }
}

async function seed(args: string[]) {
  const { count, help } = readArguments(args);
  if (help) return console.log(usage);
  const sequelize = connect(readDatabaseConfig(process.env));
  const started = performance.now();
  try {
    await addNotes(createNotesRepository(sequelize), count);
  } finally {
    await sequelize.close();
  }
  console.log(`${count} notes added in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

seed(process.argv.slice(2)).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  console.error(error instanceof UsageError ? `${message}\n\n${usage}` : `seeding failed: ${message}`);
  process.exitCode = 1;
});
