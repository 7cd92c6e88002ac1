import { sha256 } from '../plan/digest.ts';
import { uploadOf } from './file.ts';
import type { Attributes, Kind } from './kind.ts';
import { normalMode } from './mode.ts';
import { lookUp, mapRead, type Observed, type SecretState } from './observed.ts';
import type { SecretFileResource } from './resource.ts';
import { ownership } from './secret.ts';
import { step } from './step.ts';

/** Where a secret stands in the content of a secret file. */
const placeholder = /@@([A-Z][A-Z0-9_]*)(:crypt|:pgpass)?@@/g;

/** Names of the secrets in a text: those that stand as they are, and those that stand as a hash. */
export function secretsIn(content: string): {
  readonly plain: ReadonlySet<string>;
  readonly hashed: ReadonlySet<string>;
} {
  const found = [...content.matchAll(placeholder)];
  const names = (hashed: boolean) =>
    new Set(found.filter(([, , as]) => (as === ':crypt') === hashed).map(([, name = '']) => name));
  return { plain: names(false), hashed: names(true) };
}

/**
 * A text file into which the host puts secrets. Nobody else knows what comes out, so the host keeps a note of what it was
 * composed from (apply/host/executor/secrets.sh): the digest of the text, and keyed digests of the secrets and of the result.
 */
export const secretFileKind: Kind<SecretFileResource> = {
  claims: true,
  unclaimed: (path, observed) => {
    const read = lookUp(observed.secrets, path);
    return read.state === 'present' && read.value.pristine === true;
  },
  probe: (path) => ({ secrets: [path] }),
  read: (path, observed) =>
    mapRead(lookUp(observed.secrets, path), (state) => ({ ...ownership(state), ...composition(state, observed) })),
  desired: ({ mode, owner, group, content, digests }) => ({
    type: 'file',
    mode: normalMode(mode),
    owner,
    group,
    template: sha256(content),
    content: 'as composed',
    ...(digests === undefined ? {} : { secrets: digests }),
  }),
  steps: ({ path, mode, owner, group, content, digests = '' }) => [
    step(
      'secret_file',
      [path, normalMode(mode), owner, group, uploadOf(content), digests],
      `write ${path}, with secrets`,
      {
        reversible: true,
        uploads: [uploadOf(content)],
      },
    ),
  ],
  remove: (path) => ({ steps: [step('secret_remove', [path], `remove ${path}`, { reversible: true })] }),
};

/** Whether the file is what the host made of text and secrets, and whether those secrets are still what they were then. */
function composition({ digest, composed }: SecretState, observed: Observed): Attributes {
  if (!composed) return { content: 'not composed by Fairlead' };
  const { template, secrets, result, parts } = composed;
  const edited = digest !== result;
  const outdated = Object.entries(parts).some(([path, before]) => {
    const now = lookUp(observed.secrets, path);
    return now.state === 'absent' || (now.state === 'present' && now.value.digest !== before);
  });
  const content = edited ? 'edited' : outdated ? 'composed of other secrets' : 'as composed';
  return { template, secrets, content };
}
