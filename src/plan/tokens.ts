import type { Change, Plan } from './change.ts';
import { digest } from './digest.ts';
import { planHash } from './hash.ts';
import type { Permission } from './permission.ts';

/** What a user typed: what to adopt, and tokens that a plan printed. */
export interface Consent {
  readonly adopt: true | readonly string[];
  /** Tokens of things to remove. */
  readonly remove: readonly string[];
  /** Tokens of plans that remove most of what a project has. */
  readonly prune: readonly string[];
}

/** Nothing was typed. */
export const noConsent: Consent = { adopt: [], remove: [], prune: [] };

/** Stands for the whole of a plan, where an id stands for one resource; no id is without a colon. */
const wholePlan = 'prune';

/** The token of one thing in a plan: it holds for exactly this state of host, record and file. */
const tokenOf = (hash: string, what: string): string => digest([hash, what]).slice(0, 8);

/** What tokens stand for: `bare` is the plan of the same state in which no token counts. */
export function permissionFrom(bare: Plan, consent: Consent): Permission {
  const hash = planHash(bare);
  const removable = bare.changes.filter(({ removable }) => removable).map(({ id }) => id);
  return {
    adopt: consent.adopt,
    remove: removable.filter((id) => consent.remove.includes(tokenOf(hash, id))),
    prune: consent.prune.includes(tokenOf(hash, wholePlan)),
  };
}

/** A plan with the tokens that it offers; `bare` as above. */
export function withTokens(plan: Plan, bare: Plan): Plan {
  const hash = planHash(bare);
  const offer = (change: Change): Change =>
    change.removable ? { ...change, token: tokenOf(hash, change.id) } : change;
  const guard = plan.guard && { ...plan.guard, token: tokenOf(hash, wholePlan) };
  return { ...plan, changes: plan.changes.map(offer), ...(guard ? { guard } : {}) };
}

/** As much of what was typed as tokens of one plan stand for; `bare` as above. */
export function tokensOf(bare: Plan, consent: Consent): Consent {
  const strays = strayTokens([bare], consent);
  const own = (tokens: readonly string[]) => tokens.filter((token) => !strays.includes(token));
  return { adopt: consent.adopt, remove: own(consent.remove), prune: own(consent.prune) };
}

/**
 * Tokens that none of these plans knows: they are of another state, or mistyped. `bares` as above. A plan may come to need its token
 * for pruning only by what is removed on request, so that one counts even where the bare plan has no guard.
 */
export function strayTokens(bares: readonly Plan[], consent: Consent): string[] {
  const offered = bares.map((bare) => {
    const hash = planHash(bare);
    const ids = bare.changes.filter(({ removable }) => removable).map(({ id }) => id);
    return { remove: ids.map((id) => tokenOf(hash, id)), prune: [tokenOf(hash, wholePlan)] };
  });
  const strays = (kind: 'remove' | 'prune') =>
    consent[kind].filter((token) => !offered.some((offer) => offer[kind].includes(token)));
  return [...strays('remove'), ...strays('prune')];
}
