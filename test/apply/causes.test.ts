/** What a failed step printed, and what is said about it. */
import * as assert from 'uvu/assert';
import { likelyCause } from '../../src/apply/causes.ts';
import { suite } from '../support/suite.ts';

const test = suite('likely causes');

/** Lines as programs print them (Node.js 24, PostgreSQL 15 and 17, Sequelize 6), with a part of what is said. */
const cases: readonly (readonly [line: string, said: string | undefined])[] = [
  [
    "Error: Cannot find module '/srv/notes/bundles/0123456789abcdef/app/dist/nothing.js'",
    'the build makes no dist/nothing.js',
  ],
  [
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'pino' imported from /srv/notes/x.js",
    'pino is not in the release',
  ],
  ['  - PORT must be a TCP port\nThe configuration is not usable:', 'app.env'],
  ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'raise app.memory'],
  ["notes-blue@1.service: Failed with result 'oom-kill'.", 'raise app.memory'],
  ['error: password authentication failed for user "notes"', 'database.password'],
  ['FATAL: Peer authentication failed for user "notes"', 'does not let that user in'],
  ['ERROR: canceling statement due to lock timeout', 'pg_stat_activity'],
  ['ERROR: permission denied for table notes', 'the role of the program'],
  ['ERROR: must be owner of table notes', 'database.privileges: owner'],
  ['error: unsupported startup parameter: search_path', 'PgBouncer takes no search_path'],
  ['ERROR: relation "tags" does not exist', 'the database lacks tags'],
  ['ERROR: column "color" of relation "notes" already exists', 'color is there already'],
  ['connect ECONNREFUSED 127.0.0.1:5432', 'systemctl status postgresql'],
  ['Error: listen EADDRINUSE: address already in use :::3000', 'ss -lntp'],
  ['write ENOSPC', 'df -h'],
  ["EROFS: read-only file system, open '/srv/notes/log'", 'ReadWritePaths='],
  ['instance 1 of notes was not ready within 3 s: /ready was answered with 404; the last lines', 'has no /ready'],
  [
    'instance 1 of notes was not ready within 3 s: /readyz was answered with 503; the last lines',
    'its /readyz knows why',
  ],
  ['instance 1 of notes was not ready within 3 s: /readyz was not answered; the last lines', 'app.listen: port'],
  ['something that nobody has seen before', undefined],
];

test('each has its cause, and what is not known has none', () => {
  for (const [line, said] of cases) {
    const cause = likelyCause(['first', ...line.split('\n'), 'last']);
    if (said === undefined) assert.is(cause, undefined, line);
    else assert.match(cause ?? '', said, line);
  }
});

test('what the program says itself counts for more than how it was asked', () => {
  const lines = [
    'instance 1 of notes was not ready within 3 s: /readyz was answered with 503; …',
    'connect ECONNREFUSED',
  ];
  assert.match(likelyCause(lines) ?? '', 'systemctl status postgresql');
});

test.run();
