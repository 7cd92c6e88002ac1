import type { HostManifest } from '../compile/manifest.ts';
import { type UnitResource, unitsOf, type Validator } from '../resources/resource.ts';
import type { Activation, Change } from './change.ts';

/** A program that judges a whole configuration: what it is called for people, and below which paths it has a say. */
interface Judge {
  readonly command: string;
  readonly below: RegExp;
}

/** Every judge that the executor knows (executor/future.sh), in the order in which they are asked. */
const judges: Readonly<Record<Validator | 'sudoers' | 'systemd', Judge>> = {
  systemd: { command: 'systemd-analyze verify', below: /^\/etc\/systemd\/system\/[^/]+\.[a-z]+(\.d\/[^/]+)?$/ },
  nginx: { command: 'nginx -t', below: /^\/etc\/nginx\// },
  sshd: { command: 'sshd -t', below: /^\/etc\/ssh\/sshd_config/ },
  nftables: { command: 'nft -c', below: /^\/etc\/fairlead\/firewall\.nft$/ },
  sudoers: { command: 'visudo -c', below: /^\/etc\/sudoers/ },
};

/** A judge to ask, by the name that the executor knows it by. */
export interface Asked {
  readonly name: string;
  readonly command: string;
}

/** The judges of all that is about to be written, or to be taken up by a unit that runs what they judge. */
export function judgesOf(
  manifest: HostManifest,
  changes: readonly Change[],
  activations: readonly Activation[],
): readonly Asked[] {
  const written = changes.filter(({ kind, action }) => isText(kind) && isWrite(action)).map(({ name }) => name);
  const acting = (unit: UnitResource) => activations.some((activation) => activation.unit === unit.name);
  const taken = new Set(
    unitsOf(manifest)
      .filter(acting)
      .map(({ validator }) => validator as string | undefined),
  );
  return Object.entries(judges)
    .filter(([name, { below }]) => taken.has(name) || written.some((path) => below.test(path)))
    .map(([name, { command }]) => ({ name, command }));
}

const isText = (kind: Change['kind']) => kind === 'file' || kind === 'secret-file' || kind === 'symlink';
const isWrite = (action: Change['action']) => action === 'create' || action === 'update' || action === 'delete';
