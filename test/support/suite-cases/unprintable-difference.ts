import { AssertionError } from 'node:assert';
import { suite } from '../suite.ts';

const test = suite('unprintable difference');
test('fails with values that uvu cannot print', () => {
  const hostile = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('cannot be listed');
      },
    },
  );
  throw new AssertionError({ message: 'on purpose', actual: hostile, expected: {} });
});
test('comes after it', () => {});
test.run();
