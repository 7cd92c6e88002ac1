import { wordsOf } from '../../spec/command.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { seconds } from '../../spec/units.ts';
import { type Rendered, render, type Templates } from '../render.ts';
import { from } from '../trace.ts';
import { containerPort, healthTest } from './service.ts';

/** Tag of the official Node.js image; its digest is given as the build argument NODE_IMAGE where images are pinned. */
export const nodeImage = (major: number): string => `node:${major}-bookworm-slim`;

/** The Dockerfile of the program, to be built with app.source as its context and BuildKit, which Docker 23 made the default. */
export function dockerfile(spec: ResolvedSpec, templates: Templates): Rendered {
  const { app, name } = spec;
  const [command, option, script, url] = healthTest(app.health.live);
  const word = (key: string, value: string) => from(key, value, 'dockerfile');
  return render(templates, 'docker/Dockerfile', 'foreign', {
    name: from('name', name),
    source: from('app.source', app.source),
    image: from('app.node', nodeImage(app.node)),
    build: word('app.build', app.build),
    port: from('app', containerPort),
    start: wordsOf(app.start).map((one) => word('app.start', one)),
    check: [...[command, option, script].map((one) => word('app.health.live', one)), word('app.health.live', url)],
    startPeriod: from('app.health.timeout', `${seconds(app.health.timeout)}s`),
  });
}
