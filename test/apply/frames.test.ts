/** Cutting the output of a probe into frames: whole, or nothing at all. */
import * as assert from 'uvu/assert';
import { readFrames } from '../../src/apply/frames.ts';
import { suite } from '../support/suite.ts';
import { written } from './frames.ts';

const test = suite('frames');
const output = written({
  paths: { status: 1, out: 'f|644\n', err: "find: '/x': No such file or directory" },
  'content:/etc/a file 1 2 3': { out: 'Grüße\n\nend 0 0 0\n\n' },
  empty: {},
});

test('give each name its status and its texts', () => {
  const frames = readFrames(output)!;
  assert.equal([...frames.keys()], ['paths', 'content:/etc/a file 1 2 3', 'empty', 'end']);
  const { status, out, err } = frames.get('paths')!;
  assert.equal([status, out.toString(), err], [1, 'f|644\n', "find: '/x': No such file or directory"]);
});

test('count bytes, so that letters of any language and frames inside a content are kept', () => {
  assert.is(readFrames(output)!.get('content:/etc/a file 1 2 3')?.out.toString(), 'Grüße\n\nend 0 0 0\n\n');
});

test('cut off anywhere are nothing', () => {
  assert.ok(readFrames(output), 'the control');
  for (let length = 0; length < output.length; length += 1)
    assert.is(readFrames(output.subarray(0, length)), undefined, `cut to ${length} bytes`);
});

const damaged: Record<string, (text: string) => string> = {
  'a length that is too small': (text) => text.replace('paths 1 6', 'paths 1 5'),
  'a length that is too large': (text) => text.replace('paths 1 6', 'paths 1 7'),
  'a length beyond the end': (text) => text.replace('paths 1 6', 'paths 1 999999999999'),
  'a length that is no number': (text) => text.replace('paths 1 6', 'paths 1 x'),
  'a negative length': (text) => text.replace('paths 1 6', 'paths 1 -6'),
  'a banner before the first frame': (text) => `Welcome to Debian\n${text}`,
  'something behind the end': (text) => `${text}bye\n`,
};

for (const [name, damage] of Object.entries(damaged)) {
  test(`with ${name} are nothing`, () => {
    const text = damage(output.toString('latin1'));
    assert.is.not(text, output.toString('latin1'));
    assert.is(readFrames(Buffer.from(text, 'latin1')), undefined);
  });
}

test('without the end are nothing', () => {
  assert.is(readFrames(Buffer.alloc(0)), undefined);
  assert.is(readFrames(Buffer.from('paths 0 0 0\n\n')), undefined);
});

test.run();
