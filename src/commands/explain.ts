import { type CompiledLine, explainFile, linesFrom, resourcesFrom } from '../compile/explain.ts';
import type { HostManifest } from '../compile/manifest.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { explanationText, keyText, type Originated } from '../report/explain.ts';
import { isText } from '../resources/resource.ts';
import { originOf, originsOf } from '../spec/origins.ts';
import { schemaAt } from '../spec/schema.ts';
import { type CommonOptions, colorsOf, openSession, printJson, type Session, type Terminal } from './context.ts';
import { refuseUnknownKey } from './docs.ts';

/**
 * Says which line of deploy.yaml caused a compiled line, or what a key of deploy.yaml causes.
 *
 * @param what `hosts/<environment>/<host>/rootfs/<path>[:line]`, `<path on the host>[:line]`, or a key such as `proxy.timeouts`.
 */
export async function explain(options: CommonOptions, terminal: Terminal, what: string): Promise<ExitCode> {
  const place = placeOf(what);
  const narrowed = place?.env ? { ...options, env: place.env, host: [place.host] } : options;
  const session = await openSession(narrowed, terminal);
  const manifests = session.hosts.map((host) => manifestOf(session.spec, host, session.assets));
  if (place) return explainPlace(place, manifests, session, options, terminal);
  return explainKey(what, manifests, session, options, terminal);
}

interface Place {
  readonly env?: string;
  readonly host: string;
  readonly path: string;
  readonly line?: number;
}

/** A compiled file in the project's tree or on a host, or undefined for a key. */
function placeOf(what: string): Place | undefined {
  const [, before = '', digits] = what.match(/^(.*?)(?::(\d+))?$/) ?? [];
  const line = digits === undefined ? {} : { line: Number(digits) };
  const [, env, host, path] = before.match(/hosts\/([^/]+)\/([^/]+)\/rootfs(\/.+)$/) ?? [];
  if (env && host && path) return { env, host, path, ...line };
  return before.startsWith('/') ? { host: '', path: before, ...line } : undefined;
}

function explainPlace(
  place: Place,
  manifests: readonly HostManifest[],
  session: Session,
  options: CommonOptions,
  terminal: Terminal,
): ExitCode {
  const found = manifests.flatMap((manifest) => explainFile(manifest, place.path, place.line) ?? []);
  if (found.length === 0) {
    const files = manifests.flatMap(({ resources }) => resources.flatMap((one) => (isText(one) ? [one.path] : [])));
    throw failure({
      code: 'explain.unknown-place',
      subject: place.path,
      message: files.includes(place.path)
        ? `${place.path} has no line ${place.line}`
        : `nothing compiles ${place.path}`,
      fix: `name a compiled file: ${[...new Set(files)].join(', ')}`,
    });
  }
  const lines = distinct(found).map((line) => ({ ...line, origins: causesOf(line, session) }));
  if (options.json) printJson(terminal, { lines });
  else terminal.out.write(explanationText(lines, place.line !== undefined, colorsOf(terminal)));
  return ExitCode.done;
}

/** Several hosts often compile to the same line. */
function distinct(lines: readonly CompiledLine[]): CompiledLine[] {
  const seen = new Map(lines.map((line) => [JSON.stringify([line.path, line.line, line.text]), line]));
  return [...seen.values()];
}

/** For each key of a line: where its value comes from, and what stands in where the file is silent. */
function causesOf(line: CompiledLine, { spec, assets }: Session): Originated[] {
  return line.keys.map((key) => {
    const path = keyPath(key);
    const schema = schemaAt(assets.contracts.deploy.schema, path);
    const fallback = { default: schema?.default ?? 'derived from other keys' };
    return { key, description: schema?.description ?? '', origin: originOf(spec, schema, path), ...fallback };
  });
}

const keyPath = (key: string) => key.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));

function explainKey(
  key: string,
  manifests: readonly HostManifest[],
  session: Session,
  options: CommonOptions,
  terminal: Terminal,
): ExitCode {
  const { schema } = session.assets.contracts.deploy;
  refuseUnknownKey(schema, key);
  const isMeant = (path: string) => path === key || path.startsWith(`${key}.`);
  const values = originsOf(session.spec, schema).filter(({ path }) => isMeant(path.join('.')));
  const hosts = manifests.map((manifest) => ({
    host: manifest.host.name,
    resources: resourcesFrom(manifest, key).map(({ id }) => id),
    lines: linesFrom(manifest, key),
  }));
  if (options.json) printJson(terminal, { key, values, hosts });
  else terminal.out.write(keyText(key, values, hosts, colorsOf(terminal)));
  return ExitCode.done;
}
