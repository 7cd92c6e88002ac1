import type { DirectoryResource, Resource, SecretResource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { directory, secretId, secretPath } from '../parts.ts';
import { secretsOn } from './placement.ts';

/** The project's own folder in /etc, and in it the secrets that this host needs, as files that only root reads. */
export function compileSecrets({ spec, host }: CompileInput): Resource[] {
  const folder = directory(`/etc/fairlead/${spec.name}`, 'name');
  const names = secretsOn(host, spec.secretUses, spec.hosts, spec.database?.placement);
  if (names.length === 0) return [folder];
  const inside = directory(`${folder.path}/secrets`, 'secrets', { mode: '700', needs: [folder.id] });
  return [folder, inside, ...names.map((name) => secret(spec, name, inside))];
}

function secret({ name: project, secrets }: CompileInput['spec'], name: string, folder: DirectoryResource) {
  const source = secrets[name];
  if (!source) throw new Error(`the secret ${name} is not declared`);
  const resource: SecretResource = {
    kind: 'secret',
    id: secretId(project, name),
    path: secretPath(project, name),
    secret: name,
    ...(source.from === 'generated' ? { bytes: source.bytes } : {}),
    origin: `secrets.${name}`,
    needs: [folder.id],
  };
  return resource;
}
