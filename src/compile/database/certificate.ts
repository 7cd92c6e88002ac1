import { networkOf } from '../../spec/network.ts';
import { authorityOf } from '../app/credentials.ts';
import type { CompileInput } from '../compile.ts';
import { onFailure } from '../observability/places.ts';
import { aptPackage, directory, file, secretId, secretPath } from '../parts.ts';
import { render } from '../render.ts';
import { addressFor } from '../topology.ts';
import { from } from '../trace.ts';
import { isReachedByNetwork } from './access.ts';
import type { ServerFiles } from './server.ts';

/** Where a certificate of the project's own is laid out for PostgreSQL's user, below /run. */
const folder = (project: string) => `${project}-database-tls`;

/** The unit that lays it out. */
export const certificateUnit = (project: string): string => `${project}-database-tls.service`;

/** Whether the server of this host shows others a certificate of the project's own. */
export const hasCertificate = (input: CompileInput): boolean =>
  input.spec.database?.tls !== undefined && isReachedByNetwork(input);

/** The files that the server reads: a certificate of the project's own, or the one that the package ssl-cert makes and nobody can check. */
export const serverCertificate = (input: CompileInput): { readonly certificate: string; readonly key: string } =>
  hasCertificate(input)
    ? certificatePaths(input.spec.name)
    : { certificate: '/etc/ssl/certs/ssl-cert-snakeoil.pem', key: '/etc/ssl/private/ssl-cert-snakeoil.key' };

/** Paths of a certificate of the project's own, and of its key, while the host is up. */
export const certificatePaths = (project: string) => ({
  certificate: `/run/${folder(project)}/certificate.pem`,
  key: `/run/${folder(project)}/key.pem`,
});

/**
 * What lays out a certificate of the project's own, after it has been held against its key, its authority and the address that others
 * reach the server by; the server takes up another one without a restart. @param server id of the package that brings PostgreSQL's user.
 */
export function certificateParts(input: CompileInput, server: string): ServerFiles {
  const { spec, templates } = input;
  const tls = spec.database?.tls;
  if (!tls || !hasCertificate(input)) return { resources: [], inputs: [] };
  const { name } = spec;
  const programs = `/usr/local/lib/fairlead/${name}`;
  const origin = 'database.tls';
  const script = file(
    `${programs}/database-certificate`,
    render(templates, 'postgres/certificate.sh', 'foreign', {}),
    origin,
    { mode: '755', needs: [`directory:${programs}`] },
  );
  const address = addressFor(input.host);
  const authority = authorityOf(tls) ?? tls.certificate;
  const unit = certificateUnit(name);
  const unitFile = file(
    `/etc/systemd/system/${unit}`,
    render(templates, 'postgres/certificate.service', 'systemd', {
      name: from('name', name),
      onFailure: onFailure(spec),
      folder: from('name', folder(name)),
      command: [
        from(origin, script.path, 'systemd-exec'),
        from(`${origin}.certificate`, secretPath(name, tls.certificate), 'systemd-exec'),
        from(`${origin}.key`, secretPath(name, tls.key), 'systemd-exec'),
        from(`${origin}.ca`, secretPath(name, authority), 'systemd-exec'),
        from('name', `/run/${folder(name)}`, 'systemd-exec'),
        from('address', `${networkOf(address) ? 'ip' : 'hostname'}:${address}`, 'systemd-exec'),
      ],
    }),
    origin,
  );
  const secrets = [...new Set([tls.certificate, tls.key, authority])].map((secret) => secretId(name, secret));
  const read = [script.id, unitFile.id, ...secrets];
  return {
    resources: [
      aptPackage('openssl', origin),
      directory('/usr/local/lib/fairlead', origin),
      directory(programs, origin, { needs: ['directory:/usr/local/lib/fairlead'] }),
      script,
      unitFile,
      {
        kind: 'unit',
        id: `unit:${unit}`,
        name: unit,
        origin,
        needs: ['package:openssl', server, ...read],
        inputs: read.map((id) => ({ id, effect: 'restart' as const })),
      },
    ],
    inputs: secrets.map((id) => ({ id, effect: 'reload' })),
  };
}
