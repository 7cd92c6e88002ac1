import type { ResolvedDeployFile } from '../../spec/types.ts';
import { type SiteName, siteNames } from '../proxy/names.ts';

/** Every name that a certificate of the site must hold, each once: its own, their twins, and those that only redirect. */
export function certificateNames({ proxy }: Pick<ResolvedDeployFile, 'proxy'>): SiteName[] {
  if (!proxy) return [];
  const { own, twins, moved } = siteNames(proxy);
  const all: readonly SiteName[] = [...own, ...twins, ...moved];
  const first = all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
  return first.filter(({ name }) => !coveredBy(first, name));
}

/** Whether a wildcard stands for a name already; Let's Encrypt refuses a request for both (RFC 6125, section 6.4.3). */
const coveredBy = (names: readonly SiteName[], name: string) =>
  !name.startsWith('*.') && names.some((other) => other.name === name.replace(/^[^.]+/, '*'));
