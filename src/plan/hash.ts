import type { Change, Plan } from './change.ts';
import { digest } from './digest.ts';

/**
 * SHA-256 of what a plan does and why, in canonical JSON: equal hashes are equal plans. Lines of deploy.yaml are left out, because
 * a comment there changes nothing, and so are tokens, which follow from the hash.
 */
export function planHash(plan: Plan): string {
  const { guard, ...rest } = plan;
  const counted = guard && { removes: guard.removes, of: guard.of, allowed: guard.allowed };
  return digest({ ...rest, changes: plan.changes.map(withoutPlaces), ...(counted ? { guard: counted } : {}) });
}

function withoutPlaces({ causes: _causes, token: _token, text, ...change }: Change): unknown {
  return text ? { ...change, text: { before: text.before, after: text.after } } : change;
}
