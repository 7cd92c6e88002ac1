import { suite } from '../suite.ts';

const test = suite('throwing module');
test('would pass', () => {});
test.run();
throw new Error('on purpose');
