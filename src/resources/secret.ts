import type { Attributes, Kind } from './kind.ts';
import { normalMode } from './mode.ts';
import { lookUp, mapRead, type SecretState } from './observed.ts';
import type { SecretResource } from './resource.ts';
import { step } from './step.ts';

/** Name of the upload that carries a secret's value. */
export const secretUpload = (name: string): string => `secret-${name}`;

/** Mode, owner and group of a secret. */
const onlyRoot = ['600', 'root', 'root'] as const;

/** The wanted value by its digest. A host that has no key yet compares nothing, so an apply puts the value in place there. */
const comparedValue = (digest: string | undefined, isKnown: boolean): Attributes =>
  digest === undefined ? (isKnown ? { value: 'not compared yet' } : {}) : { value: digest };

/** What is compared of any file with secrets in it, beside its content. */
export const ownership = ({ type, mode, owner, group }: SecretState): Attributes => ({
  type,
  mode: normalMode(mode),
  owner,
  group,
});

/**
 * The value of one secret, in a file that only root reads. It is compared by a digest under a key that the host made
 * (secrets/digest-key.ts). A generated one is made where it is missing, and never again: data may depend on it.
 */
export const secretKind: Kind<SecretResource> = {
  claims: true,
  probe: (path) => ({ secrets: [path] }),
  read: (path, observed) =>
    mapRead(lookUp(observed.secrets, path), (state) => ({
      ...ownership(state),
      value: state.digest ?? 'not compared',
    })),
  desired: ({ digest, bytes, unchecked }) => ({
    ...ownership({ type: 'file', mode: onlyRoot[0], owner: onlyRoot[1], group: onlyRoot[2] }),
    ...comparedValue(digest, bytes === undefined && unchecked === undefined),
  }),
  remembered: ({ bytes }): Attributes => (bytes === undefined ? {} : { made: 'on the host' }),
  unsettled: (path, observed) => {
    const live = lookUp(observed.secrets, path);
    if (live.state !== 'present' || live.value.type !== 'file' || live.value.digest) return undefined;
    return 'cannot be compared, because the host has no key for that yet; it is put in place again';
  },
  unchecked: ({ unchecked }) => unchecked,
  steps: ({ path, secret, bytes }) =>
    bytes === undefined
      ? [
          step('secret', [path, ...onlyRoot, secretUpload(secret)], `put the secret ${secret} in place`, {
            reversible: true,
            uploads: [secretUpload(secret)],
          }),
        ]
      : [step('secret_generate', [path, ...onlyRoot, bytes], `generate the secret ${secret}`, { reversible: true })],
  remove: (path, { made }) => ({
    steps: [step('secret_remove', [path], `remove ${path}`, { reversible: true })],
    ...(made === undefined ? {} : { retained: 'its value exists nowhere else' }),
  }),
};
