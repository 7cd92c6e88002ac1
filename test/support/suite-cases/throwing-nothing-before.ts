import { suite } from '../suite.ts';

const test = suite('throwing nothing before');
test.before(() => {
  throw '';
});
test('would pass', () => {});
test.run();
