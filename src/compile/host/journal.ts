import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { tracer } from '../trace.ts';
import { unit } from './own-unit.ts';
import { places } from './places.ts';

const folder = '/etc/systemd/journald.conf.d';

/** How much the journal keeps, and for how long. */
export function journal({ spec, templates }: CompileInput): Resource[] {
  const key = tracer(spec);
  const rendered = render(templates, 'journald/journald.conf', 'systemd', {
    maxSize: key('host.logs.maxSize'),
    keepFree: key('host.logs.keepFree'),
    retention: key('host.logs.retention'),
  });
  const written = file(places.journald, rendered, 'host.logs', { needs: [`directory:${folder}`] });
  return [
    directory(folder, 'host.logs'),
    written,
    unit('systemd-journald.service', 'host.logs', { inputs: [{ id: written.id, effect: 'restart' }] }),
  ];
}
