/** Plans for the reports to show. */
import type { Change, Plan, PlannedStep } from '../../src/plan/change.ts';
import { planHash } from '../../src/plan/hash.ts';
import type { HashedPlan } from '../../src/report/plan-parts.ts';

export const change = (id: string, more: Partial<Change>): Change => ({
  id,
  kind: id.split(':')[0] as Change['kind'],
  name: id.split(':')[1]!,
  action: 'none',
  class: 'unchanged',
  reason: 'is as it should be',
  causes: [],
  attributes: [],
  ...more,
});

export const step = (title: string, more: Partial<PlannedStep> = {}): PlannedStep => ({
  op: 'note',
  args: [],
  title,
  reversible: true,
  uploads: [],
  subject: '',
  before: [],
  after: [],
  undo: [],
  ...more,
});

export const base: Plan = {
  format: 1,
  project: 'notes',
  environment: 'production',
  host: 'web-1',
  serial: 4,
  changes: [change('package:nginx', {}), change('group:notes', {})],
  activations: [],
  steps: [],
  expectations: [],
};

/** A plan as commands hand it to a report. */
export const hashed = (plan: Plan): HashedPlan => ({
  plan,
  hash: planHash(plan),
  follow: `npm run apply -- --attach --host ${plan.host}`,
});

const cause = (key: string, line: number) => ({ key, file: 'deploy.yaml', line, column: 3 });
const before = 'listen 80;\nclient_max_body_size 20m;\ngzip on;\n';
const text = { before, after: before.replace('20m', '50m'), lineKeys: [[], ['proxy.bodyLimit'], []] };
const hash = (letter: string) => letter.repeat(64);

const changes: readonly Change[] = [
  change('file:/etc/a.conf', {
    action: 'create',
    class: 'change',
    reason: 'is not on the host yet',
    causes: [cause('app', 7)],
  }),
  change('file:/etc/nginx/site.conf', {
    action: 'update',
    class: 'change',
    reason: 'content, mode changed in deploy.yaml or its source',
    causes: [cause('proxy.bodyLimit', 26)],
    attributes: [
      { name: 'content', before: hash('a'), after: hash('b') },
      { name: 'mode', before: '600', after: '644' },
    ],
    text,
  }),
  change('file:/etc/nginx/patched.conf', {
    action: 'create',
    class: 'change',
    reason: 'is not on the host yet',
    causes: [cause('proxy', 7), cause('patches.nginx.server.0', 44)],
  }),
  change('file:/etc/b.conf', {
    action: 'update',
    class: 'drift',
    reason: 'content, mode changed on the host since the last apply',
    causes: ['a', 'b', 'c', 'd', 'e', 'f'].map(cause),
    attributes: [
      { name: 'content', before: hash('a'), after: hash('b') },
      { name: 'mode', before: '600', after: '644' },
    ],
    touched: ['content', 'mode'],
    opaque: { bytes: 1_234_567, sha256: hash('a') },
  }),
  change('secret:/etc/fairlead/notes/secrets/KEY', {
    action: 'update',
    class: 'change',
    reason: 'value changed in deploy.yaml or its source',
    attributes: [{ name: 'value', before: 'keyed:0011', after: 'keyed:2233' }],
  }),
  change('package:curl', {
    action: 'adopt',
    class: 'adopt',
    reason: 'was there before and is as it should be; it will be recorded',
  }),
  change('user:notes', {
    action: 'adopt',
    class: 'change',
    reason: 'is as it should be; it will no longer be protected',
    attributes: [{ name: 'protected', before: 'yes', after: 'no' }],
  }),
  change('symlink:/etc/old', {
    action: 'delete',
    class: 'prune',
    reason: 'deploy.yaml no longer names it; it is removed',
  }),
  change('postgres-database:notes', {
    action: 'keep',
    class: 'prune',
    reason: 'deploy.yaml no longer names it; it stays: it holds data',
    removable: true,
    token: '1a2b3c4d',
  }),
  change('unit:cache.service', {
    action: 'update',
    class: 'unknown',
    reason: 'is starting; it is started if it does not come up by itself',
    attributes: [{ name: 'active', before: 'activating', after: 'active' }],
  }),
  change('secret:/etc/fairlead/notes/secrets/OTHER', {
    class: 'unchecked',
    reason: 'was not compared: the variable OTHER is not set',
  }),
];
const activations = [{ unit: 'nginx.service', verb: 'reload' as const, reason: '/etc/nginx/site.conf changed' }];
const conflict = change('file:/etc/c.conf', {
  class: 'conflict',
  reason: 'is there already, differs in content, and was not made by this project',
  attributes: [{ name: 'content', before: hash('c'), after: hash('d') }],
  text: { before: 'of somebody else\n', after: 'ours\n', lineKeys: [[]] },
});
const unreadable = change('file:/etc/d.conf', {
  class: 'unknown',
  reason: 'could not be read: Permission denied',
});
const removals = ['/etc/a', '/etc/b', '/etc/c', '/etc/d', '/etc/e'].map((path) =>
  change(`file:${path}`, {
    action: 'delete',
    class: 'prune',
    reason: 'deploy.yaml no longer names it; it is removed',
  }),
);
const final = { reversible: false };

/** One plan for each thing that a report has to show, by a name that says what. */
export const plans: Readonly<Record<string, Plan>> = {
  'nothing to do': base,
  'one of each': {
    ...base,
    changes: [...base.changes, ...changes],
    activations,
    steps: [
      step('note'),
      step('install package curl', { op: 'package_install', ...final }),
      step('run the database migrations', { op: 'release_migrate', ...final }),
      step('stop what the live slot does not need', { op: 'release_drain', ...final }),
    ],
  },
  'a conflict and something unreadable': {
    ...base,
    changes: [...base.changes, conflict, unreadable],
    steps: [step('note')],
  },
  'too much to remove': {
    ...base,
    unfinished: '20260101t000000-abcdef',
    changes: [...base.changes, ...removals],
    steps: removals.map(({ name }) => step(`remove ${name}`)),
    guard: { removes: 5, of: 7, allowed: false, token: '5e6f7a8b' },
  },
};
