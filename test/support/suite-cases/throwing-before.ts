import { suite } from '../suite.ts';

const test = suite('throwing before');
test.before(() => {
  throw new Error('on purpose');
});
test('would pass', () => {});
test.run();
