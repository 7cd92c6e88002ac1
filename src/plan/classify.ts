import type { Attributes, Kind } from '../resources/kind.ts';
import type { Read } from '../resources/observed.ts';
import type { Action, Change, ChangeClass } from './change.ts';
import type { RecordedResource } from './record.ts';

/** What a comparison of (record, live, desired) comes to. */
export interface Verdict {
  readonly action: Action;
  readonly class: ChangeClass;
  readonly reason: string;
  readonly attributes: Change['attributes'];
  /** See Change. */
  readonly neighbour?: string;
  readonly refused?: true;
  /** Names of what changed on the host since the last apply. */
  readonly touched?: readonly string[];
}

/** Attributes of `after` that `before` has not, or not so. Attributes that only `before` has do not count. */
export function differences(before: Attributes | undefined, after: Attributes): Change['attributes'] {
  return Object.entries(after)
    .filter(([name, value]) => before?.[name] !== value)
    .map(([name, value]) =>
      before?.[name] === undefined ? { name, after: value } : { name, before: before[name], after: value },
    );
}

const equal = (before: Attributes | undefined, after: Attributes) => differences(before, after).length === 0;
const names = (list: Change['attributes']) => list.map(({ name }) => name).join(', ');

/**
 * Compares one resource: `base` is what was last applied, `live` what is there, `desired` what should be, and `claimed`
 * whether what is there may be somebody else's.
 */
export function classify(
  kind: Kind,
  desired: Attributes,
  live: Read<Attributes>,
  base: RecordedResource | undefined,
  claimed = kind.claims,
): Verdict {
  if (live.state === 'unknown') return unknownVerdict(kind, live.because);
  if (live.state === 'absent') return absentVerdict(desired, base);
  const attributes = differences(live.value, desired);
  if (attributes.length === 0) {
    if (base && equal(base.attributes, desired)) return verdict('none', 'unchanged', 'is as it should be', attributes);
    return base
      ? {
          ...verdict('adopt', 'change', 'is as it should be already; that will be recorded', attributes),
          ...touchedSince(base, live.value),
        }
      : verdict('adopt', 'adopt', 'was there before and is as it should be; it will be recorded', attributes);
  }
  if (!base) {
    if (kind.claims && !claimed)
      return verdict('update', 'change', "is the distribution's own, as it was installed", attributes);
    return claimed
      ? verdict(
          'none',
          'conflict',
          `is there already, differs in ${names(attributes)}, and was not made by this project`,
          attributes,
        )
      : verdict('update', 'change', `differs in ${names(attributes)}`, attributes);
  }
  return changedVerdict(desired, live.value, base, attributes);
}

const verdict = (
  action: Action,
  changeClass: ChangeClass,
  reason: string,
  attributes: Change['attributes'],
): Verdict => ({
  action,
  class: changeClass,
  reason,
  attributes,
});

function unknownVerdict(kind: Kind, because: string): Verdict {
  return kind.selfChecking
    ? verdict('update', 'unknown', `could not be read yet (${because}); it is made if it is missing`, [])
    : verdict('none', 'unknown', `could not be read: ${because}`, []);
}

function absentVerdict(desired: Attributes, base: RecordedResource | undefined): Verdict {
  const attributes = differences(undefined, desired);
  return base
    ? verdict('create', 'drift', 'was removed on the host since the last apply', attributes)
    : verdict('create', 'change', 'is not on the host yet', attributes);
}

function changedVerdict(
  desired: Attributes,
  live: Attributes,
  base: RecordedResource,
  attributes: Change['attributes'],
): Verdict {
  const { touched } = touchedSince(base, live, Object.keys(desired));
  if (touched === undefined)
    return verdict('update', 'change', `${names(attributes)} changed in deploy.yaml or its source`, attributes);
  const both = equal(base.attributes, desired) ? '' : ', and deploy.yaml changed too';
  const reason = `${touched.join(', ')} changed on the host since the last apply${both}`;
  return { ...verdict('update', 'drift', reason, attributes), touched };
}

/** What a host changed of a resource since it was applied: nothing at all, or the names of the attributes. */
export function touchedSince(
  base: RecordedResource,
  live: Attributes,
  names: readonly string[] = Object.keys(live),
): Pick<Change, 'touched'> {
  // What the record does not know yet was not looked at by the version that wrote it.
  const touched = names.filter((name) => base.attributes[name] !== undefined && base.attributes[name] !== live[name]);
  return touched.length > 0 ? { touched } : {};
}
