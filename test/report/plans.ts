/** Plans for the reports to show. */
import type { Change, Plan } from '../../src/plan/change.ts';

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
