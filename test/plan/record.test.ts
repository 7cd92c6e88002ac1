/** The record of a host: lines that were appended, of which the last one about a thing counts. */
import * as assert from 'uvu/assert';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { compacted, readRecord } from '../../src/plan/record.ts';
import { suite } from '../support/suite.ts';

const test = suite('the record');

const read = (text: string) => readRecord(text, 7, 'web-1');
const line = (id: string, value = 'yes', origin = 'created') => JSON.stringify({ id, origin, attributes: { value } });
const kept = [
  { name: 'an empty record', text: '', ids: [] },
  { name: 'a record of one line', text: `{"format":1}\n${line('group:a')}\n`, ids: ['group:a'] },
  {
    name: 'a last line that was cut off by a crash',
    text: `${line('group:a')}\n${line('group:b').slice(0, 20)}`,
    ids: ['group:a'],
  },
  {
    name: 'a last line that is whole but has no line break',
    text: `${line('group:a')}\n${line('group:b')}`,
    ids: ['group:a'],
  },
  {
    name: 'a thing that is gone',
    text: `${line('group:a')}\n${line('group:b')}\n{"id":"group:a","gone":true}\n`,
    ids: ['group:b'],
  },
  {
    name: 'a thing that is gone and came back',
    text: `${line('group:a')}\n${line('group:b')}\n{"id":"group:a","gone":true}\n${line('group:a')}\n`,
    ids: ['group:b', 'group:a'],
  },
  {
    name: 'a thing that changed, which keeps its place',
    text: `${line('group:a')}\n${line('group:b')}\n${line('group:a', 'no')}\n`,
    ids: ['group:a', 'group:b'],
  },
  { name: 'a kind that a newer version wrote', text: `${line('certificate:x')}\n`, ids: ['certificate:x'] },
];

for (const { name, text, ids } of kept) {
  test(`keeps the order and leaves out what does not count: ${name}`, () => {
    const record = read(text);
    assert.equal([...record.resources.keys()], ids);
    assert.is(record.serial, 7);
  });
}

test('takes the last word about a thing', () => {
  const record = read(`${line('group:a', 'old')}\n${line('group:a', 'new', 'adopted')}\n`);
  assert.equal(record.resources.get('group:a'), { id: 'group:a', origin: 'adopted', attributes: { value: 'new' } });
});

test('forgets what a unit took up once a new activation begins', () => {
  const taken = JSON.stringify({ activation: 'nginx.service', inputs: { 'file:/a': '1' } });
  const pending = JSON.stringify({ activation: 'nginx.service', inputs: null });
  assert.equal(read(`${taken}\n`).activations.get('nginx.service'), { 'file:/a': '1' }, 'the control');
  assert.equal([...read(`${taken}\n${pending}\n`).activations], []);
});

const refused = [
  { name: 'a newer format', text: '{"format":2}\n', says: 'line 1 of the record on web-1 cannot be read: format 2' },
  {
    name: 'a line that is no JSON',
    text: `{"format":1}\n{"id":"fi${line('group:a')}\n`,
    says: 'line 2 of the record on web-1',
  },
  { name: 'an empty line', text: `${line('group:a')}\n\n`, says: 'line 2 of' },
  { name: 'a text', text: '"group:a"\n', says: 'line 1 of' },
  { name: 'nothing', text: 'null\n', says: 'line 1 of' },
  { name: 'JSON that is no record line', text: '{}\n', says: 'line 1 of' },
  { name: 'a thing without its attributes', text: '{"id":"file:/etc/x"}\n', says: 'it is no record line' },
  { name: 'attributes that are none', text: '{"id":"file:/etc/x","attributes":[]}\n', says: 'it is no record line' },
  { name: 'a unit without its inputs', text: '{"activation":"nginx.service"}\n', says: 'it is no record line' },
];

for (const { name, text, says } of refused) {
  test(`is refused with a way out: ${name}`, () => {
    try {
      read(text);
    } catch (error) {
      assert.instance(error, DiagnosticsError);
      const [diagnostic] = (error as DiagnosticsError).diagnostics;
      assert.is(diagnostic?.code, 'record.unreadable');
      assert.match(diagnostic?.message ?? '', says);
      assert.match(diagnostic?.fix ?? '', 'record.jsonl.before');
      return;
    }
    assert.unreachable('it was read');
  });
}

test('is written anew in as few lines as say the same, once it has grown long', () => {
  const activation = '{"activation":"nginx.service","inputs":{"file:a":"1"}}';
  const short = `{"format":1}\n${line('group:b')}\n${line('group:a')}\n${activation}\n`;
  assert.is(compacted(read(short)), undefined);
  const long = read(`${short}${`${line('group:c')}\n{"id":"group:c","gone":true}\n`.repeat(50)}`);
  const lines = compacted(long);
  assert.ok(lines);
  const again = read(`${lines.map((one) => JSON.stringify(one)).join('\n')}\n`);
  assert.equal([...again.resources], [...long.resources]);
  assert.equal([...again.activations], [...long.activations]);
  assert.is(compacted(again), undefined);
});

test.run();
