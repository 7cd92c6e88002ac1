import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { file, secretId, secretPath } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { backupPlaces } from './places.ts';

/**
 * Secrets of several lines, which no configuration file can hold: the private key of an SFTP account, the CA certificate of an
 * S3 server. PostgreSQL's user needs them in archive-push, where no credential of a unit reaches, so a unit lays them out at boot.
 */
export function keyParts({ spec, templates }: CompileInput): Resource[] {
  const { type, ca, key } = spec.backups.repository;
  const places = backupPlaces(spec.name);
  const laid = [
    ...(type === 's3' && ca ? [{ secret: ca, origin: 'backups.repository.ca', name: 'ca' }] : []),
    ...(type === 'sftp' && key ? [{ secret: key, origin: 'backups.repository.key', name: 'sftp-key' }] : []),
  ];
  if (laid.length === 0) return [];
  const rendered = render(templates, 'pgbackrest/keys.service', 'systemd', {
    name: from('name', spec.name),
    keys: laid.map(({ secret, origin, name }) => ({
      source: from(origin, secretPath(spec.name, secret), 'systemd-exec'),
      target: from(origin, `${places.keys}/${name}`, 'systemd-exec'),
    })),
  });
  const unit = places.units.keys;
  const unitFile = file(`/etc/systemd/system/${unit}`, rendered, 'backups.repository');
  const secrets = laid.map(({ secret }) => secretId(spec.name, secret));
  return [
    unitFile,
    {
      kind: 'unit',
      id: `unit:${unit}`,
      name: unit,
      origin: 'backups.repository',
      needs: [unitFile.id, 'package:pgbackrest', ...secrets],
      inputs: [unitFile.id, ...secrets].map((id) => ({ id, effect: 'restart' })),
    },
  ];
}
