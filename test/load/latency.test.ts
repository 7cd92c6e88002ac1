import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { eventsOf, readinessOf, switchWindow, transactionOf } from './events.ts';
import { latencyOf, quietTimes, within } from './latency.ts';

const test = suite('times of requests');

const column = (length: number) => Float32Array.from({ length }, (_, index) => length - index);

test('percentiles are times that requests took', () => {
  assert.equal(latencyOf(column(200)), { count: 200, p50: 100, p99: 198, max: 200 });
  assert.equal(latencyOf(Float32Array.of(7)), { count: 1, p50: 7, p99: 7, max: 7 });
  assert.ok(Number.isNaN(latencyOf(new Float32Array()).p99));
});

test('one slow request in fifty shows in the slowest hundredth, one in two hundred does not', () => {
  const withSlow = (count: number) => Float32Array.from({ length: count }, (_, index) => (index === 5 ? 900 : 4));
  assert.is(latencyOf(withSlow(50)).p99, 900);
  assert.is(latencyOf(withSlow(200)).p99, 4);
});

test('a request counts in a window when it was at work in it, also if it began before', () => {
  const samples = { starts: Float64Array.of(0, 90, 100, 150, 201), times: Float32Array.of(50, 20, 5, 500, 1) };
  assert.equal([...within(samples, [{ from: 100, to: 200 }])], [20, 5, 500]);
  const twice = [
    { from: 100, to: 160 },
    { from: 140, to: 200 },
  ];
  assert.equal([...within(samples, twice)], [20, 5, 500]);
});

test('quiet is what lies between commands, and not right after one', () => {
  const busy = [
    { from: 300, to: 400 },
    { from: 100, to: 200 },
  ];
  assert.equal(quietTimes({ from: 0, to: 1000 }, busy, 50), [
    { from: 0, to: 100 },
    { from: 250, to: 300 },
    { from: 450, to: 1000 },
  ]);
  assert.equal(quietTimes({ from: 150, to: 420 }, busy, 50), [{ from: 250, to: 300 }]);
});

const line = (second: number, type: string, more: object = {}) =>
  JSON.stringify({ time: `2026-11-22T10:00:0${second}.000Z`, type, ...more });
const told = [
  line(0, 'begin', { transaction: '20261122-1' }),
  line(1, 'step', { title: 'start release 1f beside the one that serves' }),
  line(3, 'done', { title: 'start release 1f beside the one that serves', milliseconds: 1900 }),
  line(4, 'done', { title: 'go live with release 1f' }),
  line(5, 'done', { title: 'stop what the live slot does not need' }),
];

test('a switch lasts from the start of the new instances to the end of the old ones', () => {
  const events = eventsOf(`${told.join('\n')}\nnot JSON\n`);
  const start = Date.parse('2026-11-22T10:00:00Z');
  assert.equal(switchWindow(events), { from: start + 1000, to: start + 5000 });
  assert.is(readinessOf(events), 1900);
  assert.is(transactionOf(events), '20261122-1');
});

test('a command that told of no switch is not taken for one', () => {
  for (const cut of [told.slice(0, 1), told.slice(0, 4), told.slice(2)])
    assert.throws(() => switchWindow(eventsOf(cut.join('\n'))), /no switch/);
  assert.throws(() => readinessOf([]), /no release that got ready/);
  assert.throws(() => transactionOf([]), /no transaction/);
});

test.run();
