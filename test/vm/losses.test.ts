/** The judge of a disk after a power cut: silent about what may be, and a sentence about each thing that must not be lost. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import type { DiskState } from './disk.ts';
import { type Expectation, halves, lossesOf } from './losses.ts';

const test = suite('losses of a power cut');
const home = '/var/lib/fairlead/notes';
const folder = `${home}/transactions/one`;
const empty = 'file e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const record = '{"format":1}\n';
const steps = '1|file|reversible|write a|/etc/a|644|root|root|new-a\n2|note|reversible|note it|x\n';
const transaction = {
  [`${folder}/executor.sh`]: 'file 1',
  [`${folder}/steps`]: 'file 2',
  [`${folder}/project`]: 'file 3',
};
const kept = { [`${folder}/undo/1/old`]: 'file old' };

const disk = (
  entries: Record<string, string>,
  journal: string[] = [],
  texts: Record<string, string> = {},
): DiskState => ({
  entries: new Map(Object.entries(entries)),
  texts: new Map(
    Object.entries({
      [`${folder}/journal`]: journal.map((line) => `${line}\n`).join(''),
      [`${folder}/steps`]: steps,
      [`${folder}/undo/1/path`]: '/etc/a\n',
      [`${home}/record.jsonl`]: record,
      ...texts,
    }),
  ),
});

const unfinished = { [`${home}/unfinished`]: 'link transactions/one' };
const before = disk({ '/etc/a': 'file old' });
const after = disk({ '/etc/a': 'file new', ...transaction, ...kept });
const expected: Expectation = { before, after, lines: 3, folder };
const journal = ['begin', 'begin 1', 'done 1'];
const whole = { '/etc/a': 'file new', ...transaction, ...kept, ...unfinished };
const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([path]) => path !== name));

const cases: Record<string, { found: DiskState; losses: string[] }> = {
  'a step that is done': { found: disk(whole, journal), losses: [] },
  'what is still being written': {
    found: disk({ ...whole, '/etc/.fairlead.abcdef': empty }, journal),
    losses: [],
  },
  'an empty file': {
    found: disk({ ...whole, '/etc/a': empty }, ['begin', 'begin 1', 'begin 1']),
    losses: ['/etc/a is neither old nor new but empty'],
  },
  'a file that is gone': {
    found: disk(without('/etc/a'), ['begin', 'begin 1', 'begin 1']),
    losses: ['/etc/a is gone'],
  },
  'a step that is done and not there': {
    found: disk({ ...whole, '/etc/a': 'file old' }, journal),
    losses: ['/etc/a was written, and is not there as written'],
  },
  'a way back that is not there': {
    found: disk(without(`${folder}/undo/1/old`), journal),
    losses: ['what was at /etc/a cannot be put back'],
  },
  'a journal that is behind': {
    found: disk({ ...whole, '/etc/a': 'file old' }, journal.slice(0, 2)),
    losses: ['the journal has 2 lines of 3'],
  },
  'an apply that nobody knows to be unfinished': {
    found: disk(without(`${home}/unfinished`), journal),
    losses: ['nothing says that an apply is unfinished'],
  },
  'a transaction that is not whole': {
    found: disk({ ...whole, [`${folder}/executor.sh`]: empty }, journal),
    losses: ['executor.sh of the transaction is not whole'],
  },
  'an empty policy': {
    found: disk({ ...whole, '/usr/sbin/policy-rc.d': empty }, journal),
    losses: ['/usr/sbin/policy-rc.d is neither old nor new but empty'],
  },
};

for (const [name, { found, losses }] of Object.entries(cases))
  test(name, () => assert.equal(lossesOf(found, expected), losses));

test('a record that cannot be read', () => {
  const found = disk(whole, journal, { [`${home}/record.jsonl`]: 'no JSON\n' });
  assert.match(lossesOf(found, expected).join('\n'), /^the record cannot be read: /);
});

test('an apply that was ended either way leaves nothing half', () => {
  const back = disk({ '/etc/a': 'file old' }, ['begin', 'end rolled-back']);
  const there = disk({ '/etc/a': 'file new' }, ['begin', 'end converged']);
  assert.equal(halves(back, expected), []);
  assert.equal(halves(there, expected), []);
});

test('one that was not, does', () => {
  const found = disk({ ...unfinished, '/etc/a': 'file new', '/etc/.fairlead.abcdef': empty }, journal);
  assert.equal(halves(found, expected), [
    'the journal ends with: done 1',
    'the apply is still called unfinished',
    '/etc/a is not as before',
    '/etc/.fairlead.abcdef is not as before',
  ]);
});

test.run();
