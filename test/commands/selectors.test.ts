/** Which hosts --host and --role mean, and what is said when they mean none. */
import * as assert from 'uvu/assert';
import { chooseHosts, commandLine, type Selection } from '../../src/commands/context.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { completionScripts } from '../../src/report/completion.ts';
import type { ResolvedSpec } from '../../src/spec/resolve.ts';
import { verbs } from '../../src/verbs.ts';
import { suite } from '../support/suite.ts';

const test = suite('selectors');

const hosts = [
  { name: 'db-1', roles: ['database'] },
  { name: 'web-1', roles: ['proxy', 'app'] },
  { name: 'web-2', roles: ['proxy', 'app', 'worker'] },
];
const spec = { environment: 'production', hosts } as unknown as ResolvedSpec;

const chosen: [Selection, string[]][] = [
  [{}, ['db-1', 'web-1', 'web-2']],
  [{ host: ['web-2', 'db-1'] }, ['db-1', 'web-2']],
  [{ role: ['app'] }, ['web-1', 'web-2']],
  [{ role: ['worker', 'database'] }, ['db-1', 'web-2']],
  [{ host: ['web-1', 'db-1'], role: ['app', 'worker'] }, ['web-1']],
];

for (const [selection, names] of chosen) {
  test(`${JSON.stringify(selection)} means ${names.join(', ')}`, () => {
    assert.equal(
      chooseHosts(spec, selection).map(({ name }) => name),
      names,
    );
  });
}

const refused: [Selection, string, RegExp, RegExp][] = [
  [{ host: ['web-3'] }, 'host.unknown', /it has db-1, web-1, web-2$/, /did you mean --host web-/],
  [{ role: ['databse'] }, 'role.unknown', /there are database, proxy, app, worker$/, /did you mean --role database\?/],
  [{ role: ['mail'] }, 'role.unknown', /no host of the environment production has the role mail/, /--role /],
  [{ host: ['db-1'], role: ['app'] }, 'host.none-chosen', /role app: db-1 is database$/, /leave out --host or --role/],
];

for (const [selection, code, message, fix] of refused) {
  test(`${JSON.stringify(selection)} is refused: ${code}`, () => {
    try {
      chooseHosts(spec, selection);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, DiagnosticsError);
      const [diagnostic] = (error as DiagnosticsError).diagnostics;
      assert.is(diagnostic?.code, code);
      assert.match(diagnostic?.message ?? '', message);
      assert.match(diagnostic?.fix ?? '', fix);
    }
  });
}

test('the command to run next keeps the selection', () => {
  const options = { file: 'deploy.yaml', host: ['web-1'], role: ['app', 'worker'] };
  assert.is(commandLine('apply', options), 'npm run apply -- --host web-1 --role app worker');
});

test('plan and apply take --role, and shells complete it', () => {
  const taking = verbs.filter(({ options }) => options.some(({ form }) => form === '--role <role...>'));
  assert.equal(
    taking.map(({ name }) => name),
    ['plan', 'apply', 'deploy', 'status', 'backup', 'restore', 'rollback', 'releases'],
  );
  assert.match(completionScripts.bash(verbs), /plan\) words='[^']*--role /);
});

test.run();
