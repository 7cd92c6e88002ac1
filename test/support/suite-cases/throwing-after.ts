import { suite } from '../suite.ts';

const test = suite('throwing after');
test.after(async () => {
  throw new Error('on purpose');
});
test('passes', () => {});
test.run();
