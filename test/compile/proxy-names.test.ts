/** Which names a site answers to, which are twins, and which are redirected as a whole. */
import * as assert from 'uvu/assert';
import { answersTo, checkName, siteNames } from '../../src/compile/proxy/names.ts';
import type { ResolvedProxy } from '../../src/spec/types.ts';
import { suite } from '../support/suite.ts';

const test = suite('site names');

interface Case {
  readonly name: string;
  readonly domains: readonly string[];
  readonly www: ResolvedProxy['www'];
  readonly redirects?: readonly { readonly domain?: string; readonly from?: string }[];
  readonly own: readonly string[];
  readonly twins?: readonly string[];
  readonly moved?: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'names alone', domains: ['a.com', 'www.b.com'], www: 'none', own: ['a.com', 'www.b.com'] },
  {
    name: 'dropped twins',
    domains: ['a.com', 'www.b.com'],
    www: 'drop',
    own: ['a.com', 'b.com'],
    twins: ['www.a.com', 'www.b.com'],
  },
  {
    name: 'added twins',
    domains: ['a.com', 'www.b.com'],
    www: 'add',
    own: ['www.a.com', 'www.b.com'],
    twins: ['a.com', 'b.com'],
  },
  { name: 'a wildcard, which has no twin', domains: ['*.a.com'], www: 'add', own: ['*.a.com'] },
  {
    name: 'a name beside the list',
    domains: ['a.com'],
    www: 'none',
    redirects: [{ domain: 'old.com' }, { from: '/x' }, { domain: 'a.com', from: '/y' }],
    own: ['a.com'],
    moved: ['old.com'],
  },
  {
    name: 'a listed name',
    domains: ['a.com', 'b.com'],
    www: 'add',
    redirects: [{ domain: 'b.com' }],
    own: ['www.a.com'],
    twins: ['a.com', 'b.com'],
    moved: ['www.b.com'],
  },
];

const proxyOf = ({ domains, www, redirects = [] }: Pick<Case, 'domains' | 'www' | 'redirects'>) =>
  ({ domains, www, redirects }) as unknown as ResolvedProxy;

for (const one of cases) {
  test(one.name, () => {
    const { own, twins, moved } = siteNames(proxyOf(one));
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
    assert.equal([names(own), names(twins), names(moved)], [one.own, one.twins ?? [], one.moved ?? []]);
  });
}

test('a wildcard answers for one label', () => {
  const proxy = proxyOf({ domains: ['*.a.com'], www: 'none' });
  assert.equal(
    ['x.a.com', 'x.y.a.com', 'a.com'].map((name) => answersTo(proxy, name)),
    [true, false, false],
  );
});

test('the name that is checked has no wildcard', () => {
  assert.is(checkName(proxyOf({ domains: ['*.a.com'], www: 'none' })), 'www.a.com');
});

test.run();
