import { kindFor, type Refusal } from '../resources/kind.ts';
import { lookUp, type Observed } from '../resources/observed.ts';
import { kindOf, nameOf, type Resource } from '../resources/resource.ts';
import { adopted, withNeighbour } from './adopt.ts';
import { causeOf, causesOf } from './cause.ts';
import type { Change } from './change.ts';
import { classify, type Verdict } from './classify.ts';
import type { HostRecord, RecordedResource } from './record.ts';
import { baseOf, isClaimed, predecessorOf, type Situation } from './situation.ts';

/** What becomes of one resource of the manifest. */
export interface Decision {
  readonly resource: Resource;
  readonly change: Change;
  /** Set for a release that only takes up what its secrets are now (renewal.ts). */
  readonly renews?: true;
}

/** Compares one resource and says what becomes of it. */
export function decide(resource: Resource, situation: Situation): Decision {
  const { manifest, observed, record } = situation;
  const verdict = verdictOn(resource, situation);
  const text = textOf(resource, verdict, observed, record);
  const edited = verdict.action === 'update' && verdict.class === 'change';
  const causes = edited ? causesOf(manifest, resource, text) : causeOf(manifest, resource.origin);
  const { id, kind } = resource;
  const opaque = text ? undefined : opaqueOf(resource, verdict, situation);
  const seen = { ...(text ? { text } : {}), ...(opaque ? { opaque } : {}) };
  return { resource, change: { id, kind, name: nameOf(id), ...verdict, causes, ...seen } };
}

function verdictOn(resource: Resource, { observed, record, permission }: Situation): Verdict {
  const kind = kindFor(resource);
  const name = nameOf(resource.id);
  const base = baseOf(resource, record);
  const live = kind.read(name, observed);
  const compared = classify(kind, kind.desired(resource), live, base, isClaimed(resource, observed));
  const possible = withRefusal(compared, live.state === 'present' ? kind.refuses?.(resource, live.value) : undefined);
  const settled = unsettled(possible, kind.unsettled?.(name, observed));
  const checked = withoutValue(settled, kind.unchecked?.(resource));
  const masked = withSecretsBefore(checked, predecessorOf(resource, record));
  const met = withNeighbour(masked, resource.id, observed);
  return withProtection(withoutForeign(adopted(met, resource.id, live, permission)), resource, base);
}

/** A change that deploy.yaml asks for and that cannot be made, or not without a word. */
const withRefusal = (verdict: Verdict, refusal: Refusal | undefined): Verdict =>
  refusal === undefined
    ? verdict
    : {
        ...verdict,
        action: 'none',
        class: 'conflict',
        reason: refusal.reason,
        ...(refusal.adoptable ? {} : { refused: true }),
      };

/** Attributes that change by themselves while something settles, or that cannot be compared yet. */
const passing = new Set(['active', 'running', 'atBoot', 'value']);

/** A difference that is about to go, or to be another one, is neither a change nor none. */
function unsettled(verdict: Verdict, because: string | undefined): Verdict {
  if (because === undefined || verdict.action !== 'update') return verdict;
  if (verdict.attributes.some(({ name }) => !passing.has(name))) return verdict;
  const { touched: _touched, ...rest } = verdict;
  return { ...rest, class: 'unknown', reason: because };
}

/** A resource that is as it should be, but for a content that could not be compared. */
const withoutValue = (verdict: Verdict, because: string | undefined): Verdict =>
  because === undefined || verdict.class !== 'unchanged'
    ? verdict
    : { ...verdict, class: 'unchecked', reason: `was not compared: ${because}` };

const holdsSecrets = (recorded: RecordedResource | undefined) =>
  recorded !== undefined && ['secret', 'secret-file'].includes(kindOf(recorded.id));

/** The hash of a file that had secrets in it would let somebody try values against it. */
function withSecretsBefore(verdict: Verdict, predecessor: RecordedResource | undefined): Verdict {
  if (!holdsSecrets(predecessor)) return verdict;
  const attributes = verdict.attributes.map((one) =>
    one.name === 'content' ? { ...one, before: 'had secrets in it' } : one,
  );
  return { ...verdict, attributes };
}

/** Protection is a part of the record alone: when only that differs, it is recorded. */
function withProtection(verdict: Verdict, resource: Resource, base: RecordedResource | undefined): Verdict {
  const [was, is] = [base?.protect === true, resource.protect === true];
  if (!base || was === is) return verdict;
  const says = is ? 'it will be protected' : 'it will no longer be protected';
  const reason = `${verdict.reason}; ${says}`;
  const yes = (fact: boolean) => (fact ? 'yes' : 'no');
  const attributes = [...verdict.attributes, { name: 'protected', before: yes(was), after: yes(is) }];
  if (verdict.action !== 'none') return { ...verdict, reason, attributes };
  return verdict.class === 'unchanged' || verdict.class === 'unchecked'
    ? { ...verdict, action: 'adopt', class: 'change', reason, attributes }
    : verdict;
}

/** What is in somebody else's file is not told, until it is to be taken over: plans are saved, and go to logs as JSON. */
const isForeign = ({ class: changeClass }: Verdict) => changeClass === 'conflict';

/** Nor is its hash, by which somebody could try contents. */
function withoutForeign(verdict: Verdict): Verdict {
  if (!isForeign(verdict)) return verdict;
  const attributes = verdict.attributes.map((one) =>
    one.name === 'content' && one.before !== undefined ? { ...one, before: 'not shown' } : one,
  );
  return { ...verdict, attributes };
}

/** Text before and after, when the live content differs and was small enough to be sent along. */
function textOf(resource: Resource, verdict: Verdict, observed: Observed, record: HostRecord): Change['text'] {
  if (resource.kind !== 'file' || verdict.action === 'adopt' || isForeign(verdict)) return undefined;
  if (verdict.action === 'create') return { before: '', after: resource.content, lineKeys: resource.lines };
  const live = lookUp(observed.paths, resource.path);
  if (live.state !== 'present' || live.value.content === undefined) return undefined;
  if (!verdict.attributes.some(({ name }) => name === 'content')) return undefined;
  if (holdsSecrets(predecessorOf(resource, record))) return undefined;
  return { before: live.value.content, after: resource.content, lineKeys: resource.lines };
}

/** What is there in place of a text that could not be sent: its size and hash. */
function opaqueOf(resource: Resource, verdict: Verdict, { observed, record }: Situation): Change['opaque'] {
  if (resource.kind !== 'file' || isForeign(verdict)) return undefined;
  if (!verdict.attributes.some(({ name, before }) => name === 'content' && before)) return undefined;
  const live = lookUp(observed.paths, resource.path);
  if (live.state !== 'present' || live.value.sha256 === undefined || live.value.size === undefined) return undefined;
  if (holdsSecrets(predecessorOf(resource, record))) return undefined;
  return { bytes: live.value.size, sha256: live.value.sha256 };
}
