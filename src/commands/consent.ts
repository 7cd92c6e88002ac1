import { ExitCode, failure } from '../diagnostic.ts';
import type { Plan } from '../plan/change.ts';
import { type Consent, strayTokens } from '../plan/tokens.ts';
import type { CommonOptions } from './context.ts';

/** Options by which a user allows more than deploy.yaml says; as commander reads them. */
export interface ConsentOptions extends CommonOptions {
  readonly adopt?: true | readonly string[];
  readonly remove?: readonly string[];
  readonly prune?: readonly string[];
}

/** What the options allow. */
export const consentOf = ({ adopt = [], remove = [], prune = [] }: ConsentOptions): Consent => ({
  adopt,
  remove,
  prune,
});

/**
 * Refuses tokens that no host's plan offers: what they stood for is not as it was.
 *
 * @param bares the plans in which no token counts.
 * @throws DiagnosticsError with exit code 7, naming the tokens.
 */
export function refuseStrayTokens(bares: readonly Plan[], consent: Consent): void {
  const strays = strayTokens(bares, consent);
  if (strays.length === 0) return;
  const many = strays.length > 1;
  throw failure(
    {
      code: 'plan.token',
      subject: strays.join(' '),
      message: `${many ? 'these tokens are' : 'this token is'} not of the plan as it is now; something has changed since, or it is mistyped`,
      fix: 'run npm run plan again with the same options but the tokens, look at what it shows, and take the tokens from there',
    },
    ExitCode.refused,
  );
}
