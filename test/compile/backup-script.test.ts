/** The script that takes backups, with programs of its own in the place of pgBackRest and psql. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import { isText } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';

const scripts = suite('the script that takes backups');
const project = fileURLToPath(
  new URL('../cases/database-cache-and-backups-on-each-release/deploy.yaml', import.meta.url),
);
const { spec } = specOf(loadProject(project), 'debian-12', await loadAssets());
const script = manifestOf(spec, spec.hosts[0]!, await loadAssets())
  .resources.filter(isText)
  .find(({ path }) => path.endsWith('/backup'))!.content;

let folder = '';
const at = (name: string) => join(folder, name);

/** What a repository holds and what the server says, as the programs print it. */
interface World {
  /** Pieces of the log in the repository, without what they are the first piece of. */
  readonly pieces: readonly string[];
  /** The first piece of each full backup, oldest first. */
  readonly full: readonly string[];
  readonly archived: string;
  readonly fails?: boolean;
}

/** The log of one time line, from a number to another one: 256 pieces of 16 MB have a part of the name of their own. */
const pieces = (from: number, to: number, timeline = 1) =>
  Array.from({ length: to - from + 1 }, (_, index) => piece(from + index, timeline));
function piece(number: number, timeline = 1): string {
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
  return hex(timeline) + hex(Math.floor(number / 256)) + hex(number % 256);
}

function infoOf(full: readonly string[]): string {
  const backups = full.flatMap((start, index) => [
    `{"archive":{"start":"${start}","stop":"${start}"},"database":{"id":2,"repo-key":1},"error":false,"label":"${index}F","type":"full"}`,
    `{"archive":{"start":"${piece(900)}","stop":"${piece(900)}"},"database":{"id":2,"repo-key":1},"error":false,"label":"${index}F_I","type":"incr"}`,
  ]);
  return `[{"archive":[{"database":{"id":1,"repo-key":1},"id":"14-1"},{"database":{"id":2,"repo-key":1},"id":"15-2","max":"x"}],"backup":[${backups.join(',')}],"name":"s"}]`;
}

function put({ pieces, full, archived, fails = false }: World): void {
  writeFileSync(at('info'), infoOf(full));
  const listed = pieces.map(
    (name) => `"${name.slice(0, 16)}/${name}-${'0123456789abcdef'.repeat(2)}01234567.zst":{"size":1,"type":"file"}`,
  );
  const others = ['"00000002.history":{"type":"file"}', `"${piece(5)}.00000028.backup":{"type":"file"}`];
  writeFileSync(at('list'), `{${[...listed, ...others].join(',')}}`);
  writeFileSync(at('psql.out'), `256 ${archived}\n`);
  const afterFull = infoOf([...full, pieces.at(-1) ?? '']);
  const programs = {
    pgbackrest: `printf '%s\\n' "$*" >>'${at('asked')}'
case $* in
*' info') cat '${at('info')}' ;;
*repo-ls*) case $* in *'archive/'*'/15-2') cat '${at('list')}' ;; *) exit 1 ;; esac ;;
*--type=full*) ${fails ? 'exit 55' : `printf '%s' '${afterFull}' >'${at('info')}'`} ;;
*) ${fails ? 'exit 55' : ':'} ;;
esac`,
    psql: `cat '${at('psql.out')}'`,
  };
  mkdirSync(at('bin'), { recursive: true });
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(at(`bin/${name}`), 0o755);
  }
}

function run(type = 'incr') {
  const { status, stdout, stderr } = spawnSync('sh', [at('script'), type, '/conf', 'stanza', folder], {
    env: { PATH: `${at('bin')}:${process.env.PATH}` },
    encoding: 'utf8',
  });
  const state = JSON.parse(readFileSync(at('backup.json'), 'utf8'));
  const taken = readFileSync(at('asked'), 'utf8').match(/--type=(\w+) backup/)?.[1];
  return { status, text: `${stdout}${stderr}`, state, taken };
}

function test(title: string, body: () => void): void {
  scripts(title, () => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-backup-script-'));
    try {
      writeFileSync(at('script'), script);
      body();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

const whole: World = { pieces: pieces(250, 260), full: [piece(100), piece(252)], archived: piece(260) };

test('says that all is well when every piece of the log is there, across the end of a numbering', () => {
  put(whole);
  const { status, state, taken, text } = run();
  assert.is(status, 0, text);
  assert.is(taken, 'incr');
  assert.equal([state.result, state.problem], ['ok', '']);
  assert.ok(state.lastSuccessAt >= state.startedAt);
});

test('does not mind holes before the newest full backup, nor names that look like numbers', () => {
  put({ ...whole, pieces: [...pieces(100, 200), ...pieces(252, 260)] });
  assert.is(run().status, 0);
});

test('names a piece that is missing, and takes a full backup, beyond which all can be restored', () => {
  put({ ...whole, pieces: [...pieces(250, 255), ...pieces(257, 260)] });
  const { status, state, taken } = run();
  assert.is(status, 1);
  assert.is(taken, 'full');
  assert.is(state.type, 'full');
  assert.match(state.problem, `the log had a hole (${piece(256)} was not in the repository)`);
  assert.ok(state.lastSuccessAt >= state.startedAt, 'there is a backup all the same');
  assert.is(run().status, 0, 'the next one is content');
});

test('names the first piece of the backup when that is missing, and the first of those that never arrived', () => {
  put({ ...whole, pieces: pieces(253, 260) });
  assert.match(run().state.problem, piece(252));
  put({ ...whole, archived: piece(263) });
  assert.match(run().state.problem, piece(261));
  put({ ...whole, pieces: pieces(100, 200), archived: piece(200) });
  assert.match(run().state.problem, piece(252));
});

test('follows the log to another time line', () => {
  put({ ...whole, pieces: [...pieces(250, 260), ...pieces(260, 262, 2)], archived: piece(262, 2) });
  assert.is(run().status, 0);
  put({ ...whole, pieces: [...pieces(250, 260), piece(260, 2), piece(262, 2)], archived: piece(262, 2) });
  assert.match(run().state.problem, piece(261, 2));
});

test('asks for nothing before there is a full backup', () => {
  put({ pieces: [], full: [], archived: '' });
  writeFileSync(at('info'), '[{"archive":[{"database":{"id":2,"repo-key":1},"id":"15-2"}],"backup":[],"name":"s"}]');
  assert.is(run().status, 0);
});

test('asks for nothing of the log before the first full backup of a server that was upgraded', () => {
  put({ ...whole, pieces: pieces(300, 310), archived: piece(310) });
  const before = readFileSync(at('info'), 'utf8');
  assert.is(run().status, 1, 'the control: the log of this server should begin with the full backup');
  writeFileSync(
    at('info'),
    before.replaceAll('"database":{"id":2,"repo-key":1},"error"', '"database":{"id":1,"repo-key":1},"error"'),
  );
  assert.is(run().status, 0);
});

test('says with which code pgBackRest ended, and that nothing is known when psql fails', () => {
  put({ ...whole, fails: true });
  const { status, state } = run();
  assert.is(status, 1);
  assert.match(state.problem, 'pgbackrest backup ended with exit code 55');
  assert.is(state.lastSuccessAt, 0);
  put(whole);
  writeFileSync(at('bin/psql'), '#!/bin/sh\nexit 2\n');
  assert.match(run().state.problem, 'whether the log is whole could not be found out');
});

scripts.run();
