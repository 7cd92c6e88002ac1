import { Document, isMap, isScalar, type Pair, type YAMLMap } from 'yaml';
import type { ComposeMap } from './compose-file.ts';

/** What stands above a section or a key of it, for who reads the file first. */
const comments: Readonly<Record<string, string>> = {
  'app.start': 'Runs without a shell and begins with node.',
  'app.network': 'Set it to false when the program calls nothing outside: then it cannot.',
  'app.listen': 'Use socket when the program can listen on the path in PORT; then no port is needed.',
  'app.env': 'Committed and readable by all; no secrets.',
  'app.secrets': 'Each reaches the program as a file, whose path is in NAME_FILE.',
  'app.workers': 'Background processes.',
  proxy: 'Write the names that people use.',
  tls: "Let's Encrypt, by Certbot. The address is for the account.",
  backups: 'Nothing is backed up yet: npm run docs -- backups',
  secrets: 'Where values come from; they never stand here.',
};

/** The text of a deploy.yaml with comments. `source` is the file that it was made from. */
export function deployText(name: string, sections: ComposeMap, source: string): string {
  const document = new Document({ name, ...sections });
  document.commentBefore = [
    ' yaml-language-server: $schema=node_modules/fairlead/schema/deploy.schema.json',
    '',
    ` Made from ${source.replaceAll(/[^\w./ -]/g, '_')}. Read it, correct it, then: npm run validate.`,
    ' Every key is described in docs/reference.md and by npm run docs.',
  ].join('\n');
  annotate(document.contents as YAMLMap, '');
  return document.toString({ lineWidth: 0 });
}

function annotate(map: YAMLMap, prefix: string): void {
  for (const [index, item] of (map.items as Pair[]).entries()) {
    if (!isScalar(item.key)) continue;
    const path = prefix + String(item.key.value);
    if (prefix === '' && index > 0) item.key.spaceBefore = true;
    if (comments[path]) item.key.commentBefore = ` ${comments[path]}`;
    if (prefix === '' && isMap(item.value)) annotate(item.value, `${path}.`);
  }
}
