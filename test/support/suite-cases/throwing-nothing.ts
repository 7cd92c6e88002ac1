import { suite } from '../suite.ts';

const test = suite('throwing nothing');
test('throws null', () => {
  throw null;
});
test('throws an empty text', () => {
  throw '';
});
test.run();
