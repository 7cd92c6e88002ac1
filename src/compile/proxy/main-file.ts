import type { FileResource } from '../../resources/resource.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { acmeWebroot } from '../tls/places.ts';
import { from } from '../trace.ts';
import { tlsPolicy } from './edge.ts';
import { listenOn } from './listen.ts';
import { dropIn, dropInFolder, mainFile } from './places.ts';
import type { Site } from './site.ts';

/** Nginx's main file, with the servers that answer for names that no site has. */
export function mainFileOf(site: Site): FileResource {
  const { spec, target, templates, tls } = site;
  const rendered = render(templates, 'nginx/nginx.conf', 'nginx', {
    version: from('host.manage', target.nginx.version),
    ...tlsPolicy(site),
    sessions: from('host.manage', 'fairlead'),
    plain: listenOn(site, 'plain', true),
    secure: listenOn(site, 'secure', true),
    acmeFolder: from('host.manage', acmeWebroot),
    tls: from('tls.provider', tls),
    rejects: from('tls.provider', target.nginx.rejectHandshake),
    answers: from('tls.provider', !target.nginx.rejectHandshake),
    patches: spec.patches.nginx.main.map((line, index) => from(`patches.nginx.main.${index}`, line, 'foreign')),
  });
  return file(mainFile, rendered, 'host.manage', { needs: ['package:nginx'] });
}

/** What the distribution's nginx.service lacks: restarts after a crash, and a sandbox. */
export function dropInOf({ target, templates }: Site): FileResource {
  const { version, restartSteps } = target.systemd;
  const rendered = render(templates, 'nginx/nginx.service', 'systemd', {
    version: from('host.manage', version),
    steps: from('host.manage', restartSteps),
    noSteps: from('host.manage', !restartSteps),
  });
  return file(dropIn, rendered, 'host.manage', {
    needs: ['package:nginx', `directory:${dropInFolder}`],
  });
}
