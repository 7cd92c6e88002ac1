import { layout } from '../resources/layout.ts';
import type { Resource } from '../resources/resource.ts';
import type { CompileInput } from './compile.ts';
import { render } from './render.ts';
import { from, tracer } from './trace.ts';

/** Nginx of the distribution with one site, whose upstream names the sockets of the live slot. */
export function compileProxy({ spec, templates }: CompileInput): Resource[] {
  const { name, proxy, app } = spec;
  if (!proxy) return [];
  const key = tracer(spec);
  const paths = layout(name);
  const available = `/etc/nginx/sites-available/${name}.conf`;
  const enabled = `/etc/nginx/sites-enabled/${name}.conf`;
  const site = render(templates, 'nginx/site.conf', 'nginx', {
    name: key('name'),
    variable: from('name', name.replaceAll('-', '_'), 'identifier'),
    sockets: Array.from({ length: app.instances }, (_, i) => from('app.instances', paths.socket(paths.live, i + 1))),
    port: key('proxy.port'),
    domains: proxy.domains.map((domain, index) => from(`proxy.domains.${index}`, domain)),
    bodyLimit: key('proxy.bodyLimit'),
    gzip: key('proxy.gzip'),
    timeouts: {
      connect: key('proxy.timeouts.connect'),
      send: key('proxy.timeouts.send'),
      read: key('proxy.timeouts.read'),
    },
  });
  return [
    { kind: 'package', id: 'package:nginx', name: 'nginx', origin: 'proxy', needs: [], retain: false },
    {
      kind: 'file',
      id: `file:${available}`,
      path: available,
      mode: '644',
      owner: 'root',
      group: 'root',
      content: site.text,
      lines: site.lines,
      origin: 'proxy',
      needs: ['package:nginx'],
    },
    {
      kind: 'symlink',
      id: `symlink:${enabled}`,
      path: enabled,
      target: available,
      origin: 'proxy',
      needs: [`file:${available}`],
    },
    {
      kind: 'unit',
      id: 'unit:nginx.service',
      name: 'nginx.service',
      origin: 'proxy',
      needs: ['package:nginx', `file:${available}`, `symlink:${enabled}`, `release:${name}`],
      inputs: [
        { id: `file:${available}`, effect: 'reload' },
        { id: `symlink:${enabled}`, effect: 'reload' },
      ],
      validator: 'nginx',
      check: { port: proxy.port, host: proxy.domains[0], path: app.health.ready },
    },
  ];
}
