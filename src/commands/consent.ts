import { type Diagnostic, DiagnosticsError, ExitCode } from '../diagnostic.ts';
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
 * Refuses tokens that no host's plan offers: what they stood for is not as it was, or its host could not be planned.
 *
 * @param bares the plans in which no token counts.
 * @param unplanned why other hosts could not be planned; it is said first, because the tokens may be theirs.
 * @throws DiagnosticsError with exit code 7, naming the tokens.
 */
export function refuseStrayTokens(
  bares: readonly Plan[],
  consent: Consent,
  unplanned: readonly Diagnostic[] = [],
): void {
  const strays = strayTokens(bares, consent);
  if (strays.length === 0) return;
  const diagnostic = unplanned.length > 0 ? ofNobody(strays) : outdated(strays);
  throw new DiagnosticsError([...unplanned, { severity: 'error', ...diagnostic }], ExitCode.refused);
}

type Refusal = Omit<Diagnostic, 'severity'>;

const outdated = (strays: readonly string[]): Refusal => ({
  code: 'plan.token',
  subject: strays.join(' '),
  message: `${strays.length > 1 ? 'these tokens are' : 'this token is'} not of the plan as it is now; something has changed since, or it is mistyped`,
  fix: 'run npm run plan again with the same options but the tokens, look at what it shows, and take the tokens from there',
});

const ofNobody = (strays: readonly string[]): Refusal => ({
  code: 'plan.token',
  subject: strays.join(' '),
  message: `${strays.length > 1 ? 'these tokens are' : 'this token is'} of no host that could be planned; whether of one that could not, nobody knows`,
  fix: 'mend what is said of the other hosts, then type the same again; or leave these hosts and their tokens out',
});
