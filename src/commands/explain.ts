import { type CompiledLine, explainFile, linesFrom, resourcesFrom } from '../compile/explain.ts';
import type { HostManifest } from '../compile/manifest.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { explanationText, keyText, type Originated } from '../report/explain.ts';
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
    const files = manifests.flatMap(({ resources }) =>
      resources.flatMap((one) => (one.kind === 'file' ? [one.path] : [])),
    );
    throw failure({
      code: 'explain.unknown-place',
      subject: place.path,
      message: files.includes(place.path)
        ? `${place.path} has no line ${place.line}`
        : `nothing compiles ${place.path}`,
      fix: `name a compiled file: ${[...new Set(files)].join(', ')}`,
    });
  }
  const lines = distinct(found).map((line) => ({ ...line, origins: originsOf(line, session) }));
  if (options.json) printJson(terminal, { lines });
  else terminal.out.write(explanationText(lines, place.line !== undefined, colorsOf(terminal)));
  return ExitCode.done;
}

/** Several hosts often compile to the same line. */
function distinct(lines: readonly CompiledLine[]): CompiledLine[] {
  const seen = new Map(lines.map((line) => [JSON.stringify([line.path, line.line, line.text]), line]));
  return [...seen.values()];
}

/** For each key of a line: its place in the file, or the default that stands in for it. */
function originsOf(line: CompiledLine, session: Session): Originated[] {
  const { document } = session.spec;
  return line.keys.map((key) => {
    const path = key.split('.');
    const schema = schemaAt(session.assets.contracts.deploy.schema, path);
    const description = schema?.description ?? '';
    if (document.has(path)) return { key, description, at: document.locate(path, 'key') };
    return { key, description, default: schema?.default ?? 'derived from other keys' };
  });
}

function explainKey(
  key: string,
  manifests: readonly HostManifest[],
  session: Session,
  options: CommonOptions,
  terminal: Terminal,
): ExitCode {
  refuseUnknownKey(session.assets.contracts.deploy.schema, key);
  const hosts = manifests.map((manifest) => ({
    host: manifest.host.name,
    resources: resourcesFrom(manifest, key).map(({ id }) => id),
    lines: linesFrom(manifest, key),
  }));
  if (options.json) printJson(terminal, { key, hosts });
  else terminal.out.write(keyText(key, hosts, colorsOf(terminal)));
  return ExitCode.done;
}
