/** What statements of migrations do to a release that still runs. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';

const test = suite('statements of migrations');

const text = readFileSync(fileURLToPath(new URL('../../src/apply/host/gate/statements.cjs', import.meta.url)), 'utf8');
const judge = runInNewContext(`${text}; judge`) as (statements: readonly string[]) => {
  contracting: string[];
  hazards: string[];
};

/** A statement, and a part of what is said: of what contracts, then of what stops others meanwhile. */
const cases: readonly (readonly [sql: string, contracting?: string | undefined, hazard?: string])[] = [
  ['CREATE TABLE "tags" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL UNIQUE)'],
  ['ALTER TABLE "public"."notes" ADD COLUMN "color" VARCHAR(255)'],
  ["ALTER TABLE notes ADD COLUMN color text NOT NULL DEFAULT 'red'"],
  ['ALTER TABLE notes ADD COLUMN pinned boolean DEFAULT false NOT NULL'],
  ['ALTER TABLE notes ADD COLUMN user_id integer REFERENCES users (id)'],
  ['ALTER TABLE notes ALTER COLUMN title DROP NOT NULL'],
  ["ALTER TABLE notes ALTER COLUMN title SET DEFAULT ''"],
  ['ALTER TABLE notes DROP CONSTRAINT notes_title_check'],
  ['CREATE INDEX CONCURRENTLY notes_title ON notes (title)'],
  ['CREATE INDEX notes_title ON "notes" ("title")', undefined, 'nobody can write to notes'],
  ['DROP INDEX notes_title'],
  ["INSERT INTO words VALUES ('DROP TABLE notes'); -- drop table notes"],
  ['/* DROP TABLE notes */ SELECT 1'],
  ['CREATE FUNCTION clean() RETURNS void AS $$ BEGIN DROP TABLE notes; END $$ LANGUAGE plpgsql'],
  ['DROP TABLE "notes";', 'drops table notes'],
  ['DROP VIEW IF EXISTS recent', 'drops view recent'],
  ['ALTER TABLE "public"."notes" DROP COLUMN "body";', 'drops a column of notes'],
  ['ALTER TABLE IF EXISTS ONLY notes RENAME COLUMN body TO text', 'renames notes'],
  ['ALTER TABLE "notes" RENAME TO "memos"', 'renames notes'],
  ['ALTER TABLE "notes" ALTER COLUMN "title" TYPE TEXT;', 'changes a type in notes'],
  ['ALTER TABLE notes ALTER title SET DATA TYPE text', 'changes a type in notes'],
  ['ALTER TABLE notes ALTER COLUMN title SET NOT NULL', 'demands a value in notes'],
  ['ALTER TABLE notes ADD COLUMN color text NOT NULL', 'demands a value in a new column of notes'],
  ['ALTER TABLE notes ALTER COLUMN body DROP DEFAULT', 'takes a default value from notes'],
  ['ALTER TABLE notes ADD CONSTRAINT short CHECK (length(title) < 9)', 'refuses rows that were allowed in notes'],
  ['CREATE UNIQUE INDEX CONCURRENTLY one_title ON notes (title)', 'refuses rows that were allowed in notes'],
  ['DO $$ BEGIN DROP TABLE notes; END $$', 'drops table notes'],
  ['TRUNCATE notes', 'removes all rows'],
  ['CREATE TABLE tags (id int); ALTER TABLE tags ADD CONSTRAINT one UNIQUE (id); CREATE INDEX ON tags (id)'],
];

for (const [sql, contracting, hazard] of cases)
  test(sql.slice(0, 70), () => {
    const found = judge([sql]);
    if (contracting === undefined) assert.is(found.contracting.length, 0, found.contracting.join());
    else assert.match(found.contracting.join(), contracting);
    if (hazard === undefined && contracting === undefined) assert.is(found.hazards.length, 0, found.hazards.join());
    else if (hazard !== undefined) assert.match(found.hazards.join(), hazard);
  });

test.run();
