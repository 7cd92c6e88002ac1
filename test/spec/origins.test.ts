/** Where every value of a resolved file comes from. */
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { loadAssets } from '../../src/project/assets.ts';
import { originText, resolvedText } from '../../src/report/defaults.ts';
import { originsOf } from '../../src/spec/origins.ts';
import { resolve } from '../../src/spec/resolve.ts';
import { suite } from '../support/suite.ts';

const test = suite('origins');
const { contracts } = await loadAssets();

const text = `name: notes
app:
  source: .
  env:
    TITLE: "two\\nlines, \\"quotes\\" # and %"
proxy:
  domains: [notes.example.com]
  redirects:
    - { from: /old, to: /new }
tls: { provider: none }
database: { engine: postgres }
backups: { engine: none }
environments:
  staging:
    proxy:
      domains: [staging.example.com]
    app:
      memory: 1G
`;

const specOf = (environment: string) => {
  const file = {
    path: `hosts/${environment}/web-1/host.yaml`,
    text: 'name: web-1\naddress: 192.0.2.1\nos: debian-12\nhostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G]\n',
  };
  const hosts = [{ environment, folder: 'web-1', file }];
  return resolve({ deploy: { path: 'deploy.yaml', text }, hosts }, environment, contracts).spec;
};

const origins = (environment: string) => {
  const values = originsOf(specOf(environment), contracts.deploy.schema);
  return new Map(values.map(({ path, origin }) => [path.join('.'), originText(origin)]));
};

const staging: Readonly<Record<string, string>> = {
  name: 'deploy.yaml:1',
  'app.env.TITLE': 'deploy.yaml:5',
  'app.memory': 'environments.staging (deploy.yaml:18)',
  'proxy.domains.0': 'environments.staging (deploy.yaml:16)',
  'proxy.redirects.0.to': 'deploy.yaml:9',
  'proxy.redirects.0.code': 'default: keeps a POST a POST',
  'proxy.port': 'default: the port of http',
  'proxy.static': 'default: the program may serve its own files',
  'proxy.cors.methods.0': 'default: what REST APIs use',
  'database.name': 'from name',
};

for (const [key, wanted] of Object.entries(staging)) {
  test(`of ${key}: ${wanted}`, () => assert.is(origins('staging').get(key), wanted));
}

test('of another environment know nothing of staging', () => {
  assert.is(origins('production').get('proxy.domains.0'), 'deploy.yaml:7');
  assert.not.ok([...origins('production').values()].some((origin) => origin.includes('staging')));
  assert.ok(
    [...origins('staging').values()].some((origin) => origin.includes('staging')),
    'the control',
  );
});

test('are told for every default, with its reason', () => {
  const bare = [...origins('production')].filter(([, origin]) => origin === 'default').map(([key]) => key);
  assert.equal(bare, []);
});

test('stand behind the values of a file that is read back as what was resolved', () => {
  const spec = specOf('staging');
  const printed = resolvedText('staging', originsOf(spec, contracts.deploy.schema));
  const read = parse(printed) as Record<string, unknown>;
  for (const [name, section] of Object.entries(read)) {
    assert.equal(section, (spec as unknown as Record<string, unknown>)[name], name);
  }
  assert.equal(
    Object.keys(read).sort(),
    Object.keys(contracts.deploy.schema.properties ?? {})
      .filter((name) => name in read)
      .sort(),
  );
  assert.ok(printed.split('\n').some((line) => line === '  memory: 1G # environments.staging (deploy.yaml:18)'));
});

test.run();
