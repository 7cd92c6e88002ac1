import {
  type CompiledLine,
  type CompiledText,
  explainText,
  linesFrom,
  resourcesFrom,
  textsOf,
} from '../compile/explain.ts';
import type { HostManifest } from '../compile/manifest.ts';
import { compileProject } from '../compile/project.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { manifestOf, specOf } from '../pipeline.ts';
import { environmentsWithHosts } from '../project/load.ts';
import { explanationText, keyText, type Originated } from '../report/explain.ts';
import { originOf, originsOf } from '../spec/origins.ts';
import { schemaAt } from '../spec/schema.ts';
import { suggest } from '../spec/suggest.ts';
import { type CommonOptions, colorsOf, openSession, printJson, type Session, type Terminal } from './context.ts';
import { refuseUnknownKey } from './docs.ts';

/**
 * Says which line of deploy.yaml caused a compiled line, or what a key of deploy.yaml causes.
 *
 * @param what `hosts/<environment>/<host>/rootfs/<path>[:line]`, `<path on the host>[:line]`, a compiled file of the project such
 * as `.github/workflows/deploy.yml[:line]`, or a key such as `proxy.timeouts`.
 */
export async function explain(options: CommonOptions, terminal: Terminal, what: string): Promise<ExitCode> {
  const place = placeOf(what);
  const narrowed = place?.env ? { ...options, env: place.env, host: [place.host] } : options;
  const session = await openSession(narrowed, terminal);
  const manifests = session.hosts.map((host) => manifestOf(session.spec, host, session.assets));
  if (place)
    return explainPlace(place, [...manifests.flatMap(textsOf), ...projectTexts(session)], session, options, terminal);
  return explainKey(what, manifests, session, options, terminal);
}

/** Compiled files of the project itself, which follow from all environments with hosts, as the command compile takes them. */
function projectTexts({ project, assets, spec }: Session): CompiledText[] {
  const specs = environmentsWithHosts(project.sources).map((environment) =>
    environment === spec.environment ? spec : specOf(project, environment, assets).spec,
  );
  return compileProject(specs, assets.templates);
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
  const [, besideEnv, besideHost] = before.match(/^hosts\/([^/]+)\/([^/]+)\//) ?? [];
  if (besideEnv && besideHost) return { env: besideEnv, host: besideHost, path: before, ...line };
  return before.includes('/') ? { host: '', path: before.replace(/^\.\//, ''), ...line } : undefined;
}

function explainPlace(
  place: Place,
  texts: readonly CompiledText[],
  session: Session,
  options: CommonOptions,
  terminal: Terminal,
): ExitCode {
  const found = explainText(texts, place.path, place.line);
  if (found.length === 0) {
    const files = texts.map(({ path }) => path);
    throw failure({
      code: 'explain.unknown-place',
      subject: place.path,
      message: files.includes(place.path)
        ? `${place.path} has no line ${place.line}`
        : `nothing compiles ${place.path}`,
      fix: fileFix(place.path, [...new Set(files)]),
    });
  }
  const lines = distinct(found).map((line) => ({ ...line, origins: causesOf(line, session) }));
  if (options.json) printJson(terminal, { lines });
  else terminal.out.write(explanationText(lines, place.line !== undefined, colorsOf(terminal)));
  return ExitCode.done;
}

/** What to type in place of a file that nothing compiles, or of a line that it has not. */
function fileFix(path: string, files: readonly string[]): string {
  if (files.includes(path)) return `look at the whole file: npm run explain -- ${path}`;
  const near = suggest(path, files);
  return near ? `did you mean ${near}?` : `name a compiled file: ${files.join(', ')}`;
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
    lines: linesFrom(textsOf(manifest), key),
  }));
  const lines = linesFrom(projectTexts(session), key);
  if (lines.length > 0) hosts.push({ host: 'the project', resources: [], lines });
  if (options.json) printJson(terminal, { key, values, hosts });
  else terminal.out.write(keyText(key, values, hosts, colorsOf(terminal)));
  return ExitCode.done;
}
