import type { Context } from '../render.ts';
import { from, tracer } from '../trace.ts';
import type { Site } from './site.ts';

/**
 * The sockets of a server. All servers of a port must ask for the same options, since they share it; `fallback` marks the one
 * that answers for names that no site has.
 */
export function listenOn({ spec, proxy, target }: Site, kind: 'plain' | 'secure', fallback = false): Context {
  const key = tracer(spec);
  const isSecure = kind === 'secure';
  const hasDirective = isSecure && proxy.http2 && target.nginx.http2Directive;
  const socket = (v6: boolean, quic: boolean) => ({
    v6: from('proxy', v6),
    port: key(isSecure ? 'proxy.httpsPort' : 'proxy.port'),
    ssl: from('tls.provider', isSecure && !quic),
    http2: from('proxy.http2', isSecure && !quic && proxy.http2 && !hasDirective),
    quic: from('proxy.http3', quic),
    proxyProtocol: from('proxy.loadBalancer.protocol', speaksProxyProtocol(proxy) && !quic),
    // One per port, or packets of a connection reach workers that do not know it.
    reuseport: from('proxy.http3', quic && fallback),
    fallback: from('host.manage', fallback),
  });
  const streams = [socket(false, false), socket(true, false)];
  return {
    sockets: isSecure && proxy.http3 ? [...streams, socket(false, true), socket(true, true)] : streams,
    http2Directive: hasDirective ? [from('proxy.http2', 'on')] : [],
  };
}

/** Whether connections begin with a header of the PROXY protocol. */
export const speaksProxyProtocol = ({ loadBalancer }: Site['proxy']): boolean =>
  loadBalancer.protocol === 'proxy' && loadBalancer.addresses.length > 0;
