import type { Diagnostic } from '../diagnostic.ts';
import type { Resource } from '../resources/resource.ts';
import type { ResolvedSpec } from '../spec/resolve.ts';
import { suggest } from '../spec/suggest.ts';
import type { HostManifest } from './manifest.ts';

/** Whether a text is what a pattern says, in which each `*` stands for any text. Takes time in proportion to both lengths. */
export function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** The resources of a host, with a mark on those that `protect` names. */
export const protectedBy = (patterns: readonly string[], resources: readonly Resource[]): Resource[] =>
  resources.map((resource) =>
    patterns.some((pattern) => matches(pattern, resource.id)) ? { ...resource, protect: true } : resource,
  );

/** A warning for each entry of `protect` that names nothing on any host of its environment: most likely it is misspelt. */
export function unmatchedProtection(spec: ResolvedSpec, manifests: readonly HostManifest[]): Diagnostic[] {
  if (manifests.length === 0) return [];
  const ids = [...new Set(manifests.flatMap(({ resources }) => resources.map(({ id }) => id)))];
  return spec.protect.flatMap((pattern, index) => {
    if (ids.some((id) => matches(pattern, id))) return [];
    const near = suggest(pattern, ids);
    return spec.document.problem(['protect', index], 'value', {
      severity: 'warning',
      code: 'protect.unmatched',
      message: `${pattern} names nothing on the hosts of ${spec.environment}`,
      fix: near
        ? `did you mean ${near}?`
        : 'delete it, or write kind and name as npm run plan prints them, with a colon: "unit:nginx.service"',
    });
  });
}
