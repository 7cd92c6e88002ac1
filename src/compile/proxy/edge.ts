import type { Context } from '../render.ts';
import { tlsPlaces } from '../tls/places.ts';
import { from } from '../trace.ts';
import { sitePlaces } from './places.ts';
import { ownName, type Site } from './site.ts';

/** What every server of the site begins with: its logs, whom it believes, and its certificate. */
export function edgeOf(site: Site): Context {
  const { loadBalancer, log } = site.proxy;
  const certificates = tlsPlaces(site.spec.name);
  const header = loadBalancer.protocol === 'proxy' ? 'proxy_protocol' : 'X-Forwarded-For';
  return {
    id: ownName(site),
    logs: from('name', sitePlaces(site.spec.name).logs),
    log: from('proxy.log.enabled', log.enabled),
    noLog: from('proxy.log.enabled', !log.enabled),
    trusted: loadBalancer.addresses.map((network, index) => from(`proxy.loadBalancer.addresses.${index}`, network)),
    clientHeader: site.balanced ? [from('proxy.loadBalancer.protocol', header)] : [],
    tls: from('tls.provider', site.tls),
    certificate: from('name', certificates.certificate),
    certificateKey: from('name', certificates.key),
    ...tlsPolicy(site),
    sessions: ownName(site),
  };
}

/** Versions and groups of TLS that a release's Nginx and OpenSSL can offer. */
export const tlsPolicy = ({ spec, target }: Site): Context => ({
  tls12: from('tls.minVersion', spec.tls.minVersion === '1.2'),
  postQuantum: from('tls', target.nginx.postQuantum),
});
