import type { ResolvedProxy } from '../../spec/types.ts';
import type { CompileInput } from '../compile.ts';
import { hasRole } from '../topology.ts';
import { from, type Traced } from '../trace.ts';

/** A project's site on one host. */
export interface Site extends CompileInput {
  readonly proxy: ResolvedProxy;
  /** Whether TLS ends here. */
  readonly tls: boolean;
  /** Whether a load balancer stands in front. */
  readonly balanced: boolean;
}

/** The site of a host; none where the file or the host has no proxy. */
export function siteOf(input: CompileInput): Site | undefined {
  const { proxy, tls } = input.spec;
  if (!proxy || !hasRole(input.host, 'proxy')) return undefined;
  return { ...input, proxy, tls: tls.provider !== 'none', balanced: proxy.loadBalancer.addresses.length > 0 };
}

/** A name of Nginx's own kind (variable, zone, upstream) that no other project of the host has. */
export const ownName = ({ spec }: Site, suffix?: string, key = 'name'): Traced =>
  from(key, [spec.name.replaceAll('-', '_'), ...(suffix ? [suffix] : [])].join('_'), 'identifier');

/** The variable that tells by which scheme the client came. */
export function schemeVariable(site: Site): Traced {
  const { protocol } = site.proxy.loadBalancer;
  const isTold = site.balanced && (protocol === 'header' || !site.tls);
  return isTold ? ownName(site, 'scheme', 'proxy.loadBalancer') : from('proxy', 'scheme', 'identifier');
}
