import { suite } from '../suite.ts';

const test = suite('failing test');
test('fails', () => {
  throw new Error('on purpose');
});
test('passes', () => {});
test.run();
