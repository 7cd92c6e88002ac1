import { suite } from '../suite.ts';

const test = suite('exiting early');
test('ends the process', () => {
  process.exit(0);
});
test('never runs', () => {});
test.run();
