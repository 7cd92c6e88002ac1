import { readFileSync } from 'node:fs';

/** Name and version of this package; its package.json lies one folder above both src/ and dist/. */
export const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  name: string;
  version: string;
};
