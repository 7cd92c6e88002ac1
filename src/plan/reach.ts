import { places } from '../compile/host/places.ts';
import type { Activation, Change } from './change.ts';

/** Units that decide who gets in. */
const gates = ['ssh.service', 'ssh.socket', 'fairlead-firewall.service', 'fairlead-admins.service'];

/** What decides who gets in and what they may do: the SSH server, the packet filter, people, sudo. */
const keys = [
  '/etc/ssh/',
  '/etc/sudoers',
  places.firewall,
  places.admins,
  places.sudoers,
  places.authorizedKeys,
  ...gates.map((unit) => `/etc/systemd/system/${unit}`),
];

/**
 * Whether a plan changes how its host is reached, so that a mistake in it could lock everybody out: such a change stays only
 * when a new connection confirms it.
 */
export const changesReach = (changes: readonly Change[], activations: readonly Activation[]): boolean =>
  activations.some(({ unit }) => gates.includes(unit)) ||
  changes.some(({ name, action }) => isAction(action) && keys.some((path) => name.startsWith(path)));

const isAction = (action: Change['action']) => action === 'create' || action === 'update' || action === 'delete';
