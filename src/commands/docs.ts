import { ExitCode, failure } from '../diagnostic.ts';
import { loadAssets } from '../project/assets.ts';
import { schemaText } from '../report/docs.ts';
import type { Contracts } from '../spec/resolve.ts';
import { deref, type Schema, schemaAt } from '../spec/schema.ts';
import { suggest } from '../spec/suggest.ts';
import { type CommonOptions, colorsOf, printJson, type Terminal } from './context.ts';

/** Describes a key of deploy.yaml, or with `host.yaml.` before it one of a host file; without a key, all sections. */
export async function docs(options: CommonOptions, terminal: Terminal, key = ''): Promise<ExitCode> {
  const { contracts } = await loadAssets();
  const { root, path } = meant(key, contracts);
  if (path) refuseUnknownKey(root, path);
  const schema = path ? schemaAt(root, path.split('.')) : root;
  if (options.json) printJson(terminal, schema);
  else terminal.out.write(schemaText(key, root, schema ?? root, colorsOf(terminal)));
  return ExitCode.done;
}

/** The file that a key belongs to, and its path there. `host.os` is found in host.yaml, since deploy.yaml has no such key. */
function meant(key: string, { deploy, host }: Contracts): { root: Schema; path: string } {
  const inHostFile = key.match(/^host\.yaml(?:\.(.*))?$/);
  if (inHostFile) return { root: host.schema, path: inHostFile[1] ?? '' };
  const below = key.replace(/^host\./, '').split('.');
  const onlyThere = key.startsWith('host.') && !schemaAt(deploy.schema, key.split('.')) && schemaAt(host.schema, below);
  return onlyThere ? { root: host.schema, path: below.join('.') } : { root: deploy.schema, path: key };
}

/** @throws DiagnosticsError when the schema has no such key, with the one that was probably meant. */
export function refuseUnknownKey(root: Schema, key: string): void {
  const path = key.split('.');
  const depth = path.findIndex((_, index) => schemaAt(root, path.slice(0, index + 1)) === undefined);
  if (depth < 0) return;
  const parent = schemaAt(root, path.slice(0, depth)) ?? deref(root, root);
  const known = Object.keys(parent.properties ?? {});
  const prefix = path
    .slice(0, depth)
    .map((part) => `${part}.`)
    .join('');
  const near = suggest(path[depth] ?? '', known);
  throw failure({
    code: 'docs.unknown-key',
    subject: key,
    message: `there is no key ${key}`,
    fix: near
      ? `did you mean ${prefix}${near}?`
      : known.length > 0
        ? `use one of ${known.map((one) => prefix + one).join(', ')}`
        : `use ${prefix.slice(0, -1)}`,
  });
}
