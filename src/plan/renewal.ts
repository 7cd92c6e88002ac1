import { nameOf, type ReleaseResource } from '../resources/resource.ts';
import type { Decision } from './decide.ts';

/** What makes a release another one, or not whole. */
const ofRelease = new Set(['release', 'whole']);

/**
 * Running instances keep the secrets that they were started with (systemd.exec(5), LoadCredential=). Where one of theirs changes and their
 * release does not, that release goes over to its other slot, so that the new value holds and no request is dropped.
 */
export function withRenewals(decided: readonly Decision[]): readonly Decision[] {
  const written = decided.filter(({ resource, change }) => resource.kind === 'secret' && change.action === 'update');
  return decided.map((decision) => {
    const { resource, change } = decision;
    if (resource.kind !== 'release' || !keeps(resource, decision)) return decision;
    const taken = written.filter(({ resource: { id } }) => resource.needs.includes(id));
    if (taken.length === 0) return decision;
    const names = taken.map(({ resource: { id } }) => nameOf(id).split('/').at(-1));
    const reason = `its instances take up ${names.join(' and ')}, which changed`;
    const causes = taken.flatMap(({ change: { causes: those } }) => those);
    return { resource, change: { ...change, action: 'update', class: 'change', reason, causes }, renews: true };
  });
}

/** Whether instances run which the plan, as it is, would not start anew. */
const keeps = ({ instances }: ReleaseResource, { change }: Decision): boolean =>
  instances > 0 &&
  (change.class === 'unchanged' || change.action === 'update') &&
  !change.attributes.some(({ name }) => ofRelease.has(name));
