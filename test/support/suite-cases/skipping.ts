import { suite } from '../suite.ts';

const test = suite('skipping');
test('needs a tool', ({ skip }) => skip('the tool is not installed'));
test.run();
