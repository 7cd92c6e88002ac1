/** Generated projects as the files that people would write. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Sources } from '../../src/spec/resolve.ts';
import type { Generated, Plain } from './spec.ts';

export const environment = 'production';

export const hostPath = (host: string) => `hosts/${environment}/${host}/host.yaml`;

/** The library folds long texts in quotes and writes blocks so that some white space is lost; people would see to it. */
const lossless = { blockQuote: false, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER } as const;

const yaml = (content: Plain) => stringify(content, { lineWidth: 0, aliasDuplicateObjects: false, ...lossless });

/** The text of all files by path. */
export const filesOf = ({ deploy, hosts }: Generated): Map<string, string> =>
  new Map([
    ['deploy.yaml', yaml(deploy)],
    ...Object.entries(hosts).map(([host, content]) => [hostPath(host), yaml(content)] as [string, string]),
  ]);

/** What `resolve` reads. */
export function sourcesOf(project: Generated): Sources {
  const files = filesOf(project);
  const file = (path: string) => ({ path, text: files.get(path) ?? '' });
  const hosts = Object.keys(project.hosts).map((host) => ({ environment, folder: host, file: file(hostPath(host)) }));
  return { deploy: file('deploy.yaml'), hosts };
}

/** Writes a project to a folder, as a golden case has it. */
export function writeProject(folder: string, project: Generated): void {
  for (const [path, text] of filesOf(project)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
