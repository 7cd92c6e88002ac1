import type { FileResource, ServiceInput, UnitResource } from '../../resources/resource.ts';
import { file } from '../parts.ts';
import type { Rendered } from '../render.ts';

interface Wiring {
  readonly needs?: readonly string[];
  readonly inputs?: readonly ServiceInput[];
  readonly validator?: UnitResource['validator'];
}

/** A unit of Fairlead's own: its file, and the unit that runs; it restarts when the file itself changes. */
export function ownUnit(
  name: string,
  unitFile: Rendered,
  origin: string,
  { needs = [], inputs = [], validator }: Wiring = {},
): [FileResource, UnitResource] {
  const written = file(`/etc/systemd/system/${name}`, unitFile, origin);
  const all: ServiceInput[] = [{ id: written.id, effect: 'restart' }, ...inputs];
  return [written, unit(name, origin, { needs, inputs: all, ...(validator ? { validator } : {}) })];
}

/** A unit whose file somebody else brings: a package, or `ownUnit`. It needs its inputs. */
export const unit = (
  name: string,
  origin: string,
  { needs = [], inputs = [], validator }: Wiring = {},
): UnitResource => ({
  kind: 'unit',
  id: `unit:${name}`,
  name,
  origin,
  needs: [...new Set([...needs, ...inputs.map(({ id }) => id)])],
  inputs,
  ...(validator ? { validator } : {}),
});
