import { buildsImage } from '../../spec/rules/ci.ts';
import type { ProjectInput } from '../project.ts';
import { type ProjectFile, projectFile } from '../project-file.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { extensionsFile } from './backing.ts';
import { developmentFile } from './development.ts';
import { dockerfile } from './dockerfile.ts';

/** Dockerfile and Compose file for development, in the project's folder containers/. */
export const containerFiles = (input: ProjectInput): ProjectFile[] => [
  ...(isImageBuilt(input) ? imageFiles(input) : []),
  ...(input.main.containers.development ? development(input) : []),
];

/** Whether an image is made of the program: in any environment, for its hosts, by its workflows or for its own sake. */
const isImageBuilt = ({ environments }: ProjectInput) =>
  environments.some((spec) => spec.containers.dockerfile || spec.app.runtime === 'compose' || buildsImage(spec));

function imageFiles({ main, templates }: ProjectInput): ProjectFile[] {
  const origin = main.containers.dockerfile ? 'containers.dockerfile' : 'app.runtime';
  const ignored = render(templates, 'docker/Dockerfile.dockerignore', 'foreign', { name: from('name', main.name) });
  return [
    projectFile('containers/Dockerfile', dockerfile(main, templates), origin),
    projectFile('containers/Dockerfile.dockerignore', ignored, origin),
  ];
}

function development({ main, templates }: ProjectInput): ProjectFile[] {
  const origin = 'containers.development';
  const { database } = main;
  return [
    projectFile('containers/compose.development.yaml', developmentFile(main, templates), origin),
    ...(database && database.extensions.length > 0
      ? [projectFile('containers/extensions.sql', extensionsFile(database, templates), origin)]
      : []),
  ];
}
