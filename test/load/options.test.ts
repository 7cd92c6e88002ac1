import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { combinationsOf, demandOf, nameOf, orderOf } from './options.ts';
import { sectionIn, sectionOf, withSection } from './section.ts';

const test = suite('what a load consists of');

const typed = { requests: '10', rate: '5', clients: '2', deploys: '4', rollbacks: '2', restarts: '0' };

test('every combination but HTTP/2 without TLS', () => {
  assert.equal(combinationsOf('both', 'both').map(nameOf), [
    'HTTP/1.1 keep-alive, no TLS',
    'HTTP/1.1 keep-alive over TLS',
    'HTTP/2 over TLS',
  ]);
  assert.equal(combinationsOf('on', 'http2').map(nameOf), ['HTTP/2 over TLS']);
  assert.equal(combinationsOf('off', 'both').map(nameOf), ['HTTP/1.1 keep-alive, no TLS']);
  assert.throws(() => combinationsOf('off', 'http2'), /speaks no HTTP\/2/);
  assert.throws(() => combinationsOf('yes', 'both'), /--tls takes/);
  assert.throws(() => combinationsOf('on', 'h2'), /--protocol takes/);
});

test('combinations share the requests, and together make no fewer', () => {
  assert.is(demandOf(typed, 3).requests, 4);
  assert.is(demandOf(typed, 1).requests, 10);
  assert.throws(() => demandOf({ ...typed, rate: 'fast' }, 1), /--rate takes a number/);
  assert.throws(() => demandOf({ ...typed, rate: '0' }, 1), /more than 0/);
  assert.throws(() => demandOf({ ...typed, rollbacks: '5' }, 1), /one for each rollback/);
});

test('rollbacks are spread, and each has a deploy before it', () => {
  const short = (deploys: number, rollbacks: number) =>
    orderOf(deploys, rollbacks)
      .map((verb) => verb[0])
      .join('');
  assert.is(short(20, 5), 'ddddr'.repeat(5));
  assert.is(short(3, 2), 'ddrdr');
  assert.is(short(1, 1), 'dr');
  assert.is(short(2, 0), 'dd');
});

test('the section takes its own place on the page, and leaves the rest', () => {
  const page = '# Benchmarks\n\nnumbers\n';
  const [one, other] = [sectionOf('first results'), sectionOf('other results')];
  const written = withSection(page, one);
  assert.is(written, `${page}\n${one}`);
  assert.is(sectionIn(written), one);
  assert.is(withSection(written, other), `${page}\n${other}`);
  assert.is(withSection(written, ''), page);
  assert.is(sectionIn(page), '');
});

test.run();
