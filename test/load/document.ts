import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../src/project/assets.ts';
import { sectionOf, withSection } from './section.ts';

const file = join(packageFolder, 'docs', 'benchmarks.md');

/** Writes the section of docs/benchmarks.md anew, leaves the rest of the page, and returns its path. */
export function writeSection(results: string): string {
  writeFileSync(file, withSection(readFileSync(file, 'utf8'), sectionOf(results)));
  return file;
}
