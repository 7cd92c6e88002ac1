import type { Resource } from '../../resources/resource.ts';
import { megabytes } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { ownUnit } from './own-unit.ts';
import { places } from './places.ts';

const script = `${places.scripts}/make-swap.sh`;

/** A swap file, when one is asked for. */
export function swap({ spec, templates }: CompileInput): Resource[] {
  const size = spec.host.swap;
  if (size === undefined) return [];
  const origin = 'host.swap';
  const program = file(script, render(templates, 'swap/make-swap.sh', 'word', {}), origin, {
    mode: '755',
    needs: [`directory:${places.scripts}`],
  });
  const service = render(templates, 'swap/swap.service', 'systemd', {
    size: from(origin, size),
    script: from(origin, script),
    megabytes: from(origin, megabytes(size)),
  });
  return [
    program,
    ...ownUnit('fairlead-swap.service', service, origin, { inputs: [{ id: program.id, effect: 'restart' }] }),
  ];
}
