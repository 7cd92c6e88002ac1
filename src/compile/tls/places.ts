/** Where certificates and what makes them lie on a host. Nginx's files name the first two, the monitor reads the state. */

/** Folder that Nginx answers ACME challenges from, shared by the projects of a host. */
export const acmeWebroot = '/var/lib/fairlead/acme';

export const tlsPlaces = (name: string) => {
  const configuration = `/etc/fairlead/${name}`;
  return {
    /** The live certificate with its chain; there from before Nginx starts, at first a placeholder. */
    certificate: `${configuration}/tls/fullchain.pem`,
    key: `${configuration}/tls/privkey.pem`,
    /** JSON: format, state (placeholder, installed or failed), problem, serial, notAfter, checked. Root reads it. */
    state: `/var/lib/fairlead/${name}/certificate.json`,
    configuration,
    environment: `${configuration}/certificate.env`,
    request: `${configuration}/certbot.ini`,
    programs: `/usr/local/lib/fairlead/${name}`,
    script: `/usr/local/lib/fairlead/${name}/certificate`,
    hook: `/etc/letsencrypt/renewal-hooks/deploy/${name}`,
    units: {
      placeholder: `${name}-certificate-placeholder.service`,
      certificate: `${name}-certificate.service`,
      install: `${name}-certificate-install.service`,
      renewal: `${name}-certificate-renewal.service`,
      timer: `${name}-certificate-renewal.timer`,
    },
  };
};

/** The unit that must be active before Nginx reads a site with TLS. */
export const placeholderUnitId = (name: string): string => `unit:${tlsPlaces(name).units.placeholder}`;
