import { suite } from '../suite.ts';

const test = suite('all good');
test.before(() => {});
test.after(() => {});
test('passes', () => {});
test('passes later', async () => {
  await new Promise((resolve) => setTimeout(resolve, 10));
});
test.run();
