/** A database that is somebody else's, over TLS: what is asked of it before a release goes live, and that nothing is changed there. */
import * as assert from 'uvu/assert';
import { makeCertificate } from '../load/certificate.ts';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

/** What the server is called, by which its certificate is checked. */
const serverName = 'db.provider.example';
const password = 'its:a+pass/word=';

const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);

for (const release of labReleases()) {
  const test = suite(`an external database with ${release}`);
  let server: LabHost;
  let host: LabHost;
  let project: LabProject;
  let version: number;
  let authority: string;

  /** Asks the server as its administrator; returns what it said. */
  const asAdministrator = async (sql: string, database = 'notes'): Promise<string> => {
    const command = ['runuser', '-u', 'postgres', '--', 'env', '-C', '/', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1'];
    const { exitCode, stdout, stderr } = await server.exec([...command, '-d', database], { input: sql });
    assert.is(exitCode, 0, stderr);
    return stdout.trim();
  };
  const put = (path: string, content: string, owner = 'postgres') =>
    server.exec(['sh', '-c', `umask 077 && cat >"$1" && chown ${owner} "$1"`, 'sh', path], { input: content });

  test.before(async () => {
    [server, host] = await Promise.all([
      startHost({ release, image: 'warm', hostname: 'provider' }),
      startHost({ release, image: 'warm', hostname: 'web-1' }),
    ]);
    version = Number((await server.sh('ls /usr/lib/postgresql')).trim());
    const certificate = await makeCertificate([serverName]);
    authority = certificate.authority;
    const folder = `/etc/postgresql/${version}/main`;
    await put(`${folder}/server.pem`, certificate.certificate);
    await put(`${folder}/server.key`, certificate.key);
    await put(
      `${folder}/conf.d/provider.conf`,
      `listen_addresses = '*'\nssl = on\nssl_cert_file = '${folder}/server.pem'\nssl_key_file = '${folder}/server.key'\n`,
    );
    await server.sh(`printf 'hostssl all all all scram-sha-256\\n' >>${folder}/pg_hba.conf`);
    await server.sh(`systemctl restart postgresql@${version}-main.service`);
    await asAdministrator(`CREATE ROLE notes LOGIN PASSWORD '${password}'`, 'postgres');
    await asAdministrator('CREATE DATABASE notes', 'postgres');
    await host.sh(`echo '${server.ipAddress} ${serverName}' >>/etc/hosts`);

    project = new LabProject();
    project.addHost(host);
    project.writeSecret('password', password);
    project.writeSecret('authority.pem', authority);
    project.edit('  instances: 2\n', '  instances: 1\n  network: true\n');
    project.edit(
      'database:\n  engine: postgres\n',
      `database:
  engine: postgres
  placement: external
  version: 14
  extensions: [pg_trgm]
  password: DB_PASSWORD
  external:
    host: ${serverName}
    ca: DB_CA
secrets:
  DB_PASSWORD: { from: file, path: password }
  DB_CA: { from: file, path: authority.pem }
`,
    );
  });
  test.after(async () => {
    await Promise.all([server?.stop(), host?.stop()]);
    project?.remove();
  });

  test('a database that is not as deploy.yaml says is refused, with all that is wrong, and nothing goes live', async () => {
    const apply = await project.run('apply');
    // Packages stay where some were missing.
    assert.ok([3, 4].includes(apply.exitCode), apply.text);
    for (const said of [
      `the server is PostgreSQL ${version} and not 14; write database.version: ${version}`,
      'the database notes has no extension pg_trgm; as an administrator of the server: CREATE EXTENSION "pg_trgm"',
      'the role notes may make no tables in public, which migrations do',
    ])
      assert.ok(apply.text.includes(said), `${said}\n${apply.text}`);
    assert.is(await asAdministrator("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), '0');
    assert.match(await host.sh('curl -sS http://localhost/readyz 2>&1 || true'), /Failed to connect|refused|404|502/);
  });

  test('one that is goes live, by a checked certificate, and nothing but the program has written there', async () => {
    await asAdministrator('CREATE EXTENSION pg_trgm; GRANT CREATE ON SCHEMA public TO notes');
    project.edit('version: 14', `version: ${version}`);
    const roles = await asAdministrator('SELECT string_agg(rolname, $$,$$ ORDER BY rolname) FROM pg_roles');
    expectExit(await project.run('apply'), 0);
    expectExit(await project.run('plan'), 0);
    expectExit(await project.run('status'), 0);
    const posted = await host.sh(
      `curl -fsS -X POST -H 'Content-Type: application/json' -d '{"title":"far"}' http://localhost/api/notes`,
    );
    assert.match(posted, '"title":"far"');
    assert.is(await asAdministrator('SELECT title FROM notes'), 'far');
    assert.is(await asAdministrator('SELECT string_agg(rolname, $$,$$ ORDER BY rolname) FROM pg_roles'), roles);
    assert.is(
      await asAdministrator(
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'notes'",
      ),
      't',
    );
  });

  test('another certificate, another password and too great a role are refused while the old release serves', async () => {
    const serves = async () => assert.match(await host.sh('curl -fsS http://localhost/api/notes'), '"title":"far"');
    const other = await makeCertificate([serverName]);
    project.writeSecret('authority.pem', other.authority);
    const foreign = await project.run('apply');
    expectExit(foreign, 3);
    assert.match(foreign.text, /certificate verify failed/);
    assert.match(foreign.text, /database\.external\.ca names the provider's authority/);
    await serves();

    project.edit('    ca: DB_CA\n', '');
    project.edit('  DB_CA: { from: file, path: authority.pem }\n', '');
    const unknown = await project.run('apply');
    expectExit(unknown, 3);
    assert.match(unknown.text, /certificate verify failed/, 'the authorities of the system do not know it');
    project.edit('    host: db.provider.example\n', '    host: db.provider.example\n    ca: DB_CA\n');
    project.edit('  DB_PASSWORD: {', '  DB_CA: { from: file, path: authority.pem }\n  DB_PASSWORD: {');
    project.writeSecret('authority.pem', authority);

    project.writeSecret('password', 'another');
    const wrong = await project.run('apply');
    expectExit(wrong, 3);
    assert.match(wrong.text, /password authentication failed/);
    await serves();
    project.writeSecret('password', password);

    await asAdministrator('ALTER ROLE notes SUPERUSER');
    project.edit('extensions: [pg_trgm]', 'extensions: [pg_trgm, citext]');
    // What it was told before does not hold any more either, so nothing can be put back.
    const great = await project.run('apply');
    expectExit(great, 4);
    assert.match(great.text, 'the role notes is a superuser of the server; name one in database.external.user');
    assert.match(great.text, 'has no extension citext');
    await asAdministrator('ALTER ROLE notes NOSUPERUSER');
    project.edit('extensions: [pg_trgm, citext]', 'extensions: [pg_trgm]');
    await serves();
    expectExit(await project.run('apply'), 0);
    expectExit(await project.run('plan'), 0);
    expectExit(await project.run('status'), 0);
  });

  test('dumps are made as a role that reads, drilled on this host, and restored as the role that may change the schema', async () => {
    await asAdministrator(`CREATE ROLE keeper LOGIN PASSWORD 'for:dumps' BYPASSRLS; GRANT pg_read_all_data TO keeper;
CREATE ROLE visitor; GRANT SELECT ON notes TO visitor`);
    project.writeSecret('keeper', 'for:dumps');
    project.edit('  engine: none\n', '  engine: pg_dump\n  user: keeper\n  password: DB_BACKUP_PASSWORD\n');
    project.edit('  DB_PASSWORD: {', '  DB_BACKUP_PASSWORD: { from: file, path: keeper }\n  DB_PASSWORD: {');
    expectExit(await project.run('apply'), 0);
    expectExit(await project.run('plan'), 0);
    expectExit(await project.run('backup'), 0);
    expectExit(await project.run('backup', 'drill'), 0);
    expectExit(await project.run('status'), 0);
    await asAdministrator('DELETE FROM notes; CREATE TABLE later (a int); ALTER TABLE later OWNER TO notes');
    const token = (await project.run('restore')).text.match(/--replace ([0-9a-f]{8})/)?.[1] ?? 'none';
    const restored = await project.run('restore', '--replace', token);
    expectExit(restored, 0);
    assert.is(await asAdministrator('SELECT title FROM notes'), 'far');
    assert.is(await asAdministrator("SELECT tableowner FROM pg_tables WHERE tablename = 'notes'"), 'notes');
    assert.is(await asAdministrator("SELECT has_table_privilege('visitor', 'notes', 'SELECT')"), 't');
    assert.is(await asAdministrator("SELECT count(*) FROM pg_class WHERE relname = 'later'"), '0');
    assert.match(await host.sh('curl -fsS http://localhost/api/notes'), '"title":"far"');
    // Another database takes a right of its own.
    const beside = await project.run('restore', '--beside');
    expectExit(beside, 1);
    assert.match(beside.text, /no database can be made beside: .*permission denied to create database/);
    await asAdministrator('ALTER ROLE notes CREATEDB');
    expectExit(await project.run('restore', '--beside'), 0);
    assert.is(await asAdministrator('SELECT title FROM notes', 'notes_restored'), 'far');
    expectExit(await project.run('restore', '--end'), 0);
    expectExit(await project.run('status'), 0);
  });

  test.run();
}
