/** Has the programs of a lab host judge compiled hosts, many at once. */
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { execa } from 'execa';
import { type Header, pack } from 'tar-stream';
import type { HostManifest } from '../../src/compile/manifest.ts';
import type { ProjectFile } from '../../src/compile/project-file.ts';
import { isText } from '../../src/resources/resource.ts';
import { readEnvironmentFile } from '../validators/environment-file.ts';
import { judgesOf } from '../validators/judges.ts';
import { type Entry, type StandIns, staged } from '../validators/staged.ts';
import { judgesOfTexts } from '../validators/texts.ts';
import { type LabHost, startHost } from './host.ts';
import type { Release } from './releases.ts';

/** Something that a judge has to say against a compiled file, or that there is no judge for it. */
export interface Objection {
  /** The number of the host in the batch. */
  readonly tree: number;
  readonly judge: string;
  readonly path: string;
  readonly said: string;
}

/** What a batch came to. */
export interface Verdict {
  readonly objections: readonly Objection[];
  /** How often each judge was asked, and how often it could not judge. */
  readonly asked: ReadonlyMap<string, number>;
  readonly skipped: ReadonlyMap<string, number>;
}

const script = readFileSync(new URL('../validators/judge.sh', import.meta.url), 'utf8');

/** A lab host whose programs judge. */
export class Court {
  private constructor(
    readonly host: LabHost,
    private readonly standIns: StandIns,
  ) {}

  /** Starts a host of a release with every program that judges. */
  static async open(release: Release): Promise<Court> {
    const host = await startHost({ release, image: 'judge', hostname: `judge-${release}` });
    await host.sh(
      'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=judge -keyout /root/key.pem -out /root/certificate.pem 2>/dev/null',
    );
    const [certificate, key] = [await host.sh('cat /root/certificate.pem'), await host.sh('cat /root/key.pem')];
    return new Court(host, { certificate: `${certificate}\n`, key: `${key}\n` });
  }

  private readonly seen = new Set<string>();

  private readonly isNew = (judge: string, text: string, byTextAlone: boolean): boolean => {
    if (!byTextAlone) return true;
    const name = `${judge}\0${text}`;
    return !this.seen.has(name) && this.seen.add(name) !== undefined;
  };

  close(): Promise<void> {
    return this.host.stop();
  }

  /** Judges hosts of its release: by all judges what is new to them, or by one alone whatever it has seen before. */
  async judge(manifests: readonly HostManifest[], only?: string): Promise<Verdict> {
    const asks = only === undefined ? this.isNew : (judge: string) => judge === only;
    const trees = manifests.map((manifest) => staged(manifest, this.standIns, asks));
    await this.host.sh('rm -rf /judge && mkdir /judge');
    await this.upload(trees);
    const { stdout, stderr, exitCode } = await this.host.exec(['/judge/judge.sh', '/judge/trees']);
    if (exitCode !== 0) throw new Error(`judge.sh ended with ${exitCode}:\n${stdout}${stderr}`);
    return merged([verdictOf(manifests, stdout), ...manifests.map(verdictHere)]);
  }

  private async upload(trees: readonly (readonly Entry[])[]): Promise<void> {
    const archive = pack();
    const add = (headers: Partial<Header> & { name: string }, content = '') =>
      archive.entry({ uid: 0, gid: 0, ...headers }, content);
    add({ name: 'judge.sh', mode: 0o755 }, script);
    for (const [number, entries] of trees.entries()) {
      const folder = `trees/${String(number).padStart(5, '0')}`;
      for (const { path, mode, content, target, isDirectory } of entries) {
        const name = `${folder}/${path}`;
        if (target !== undefined) add({ name, mode, type: 'symlink', linkname: target });
        else if (isDirectory) add({ name, mode, type: 'directory' });
        else add({ name, mode }, content);
      }
    }
    archive.finalize();
    const extract = ['exec', '--interactive', this.host.containerId, 'tar', '--extract', '--directory=/judge'];
    await execa('docker', extract, { input: await buffer(archive) });
  }
}

const counted = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);

/** The records that judge.sh printed. */
function verdictOf(manifests: readonly HostManifest[], stdout: string): Verdict {
  const [asked, skipped] = [new Map<string, number>(), new Map<string, number>()];
  const objections = stdout.split('\u001e').flatMap((record, index): Objection[] => {
    const [, number = '', judge = '', path = '', text = ''] =
      record.match(/^(\d+)\t([^\t]*)\t([^\n]*)\n?([\s\S]*)$/) ?? [];
    const said = text.trim();
    if (number === '') return record.trim() === '' ? [] : [{ tree: index, judge: 'judge.sh', path: '', said: record }];
    counted(said.startsWith('@skipped') ? skipped : asked, judge);
    const problem = judge === 'environment' ? otherEnvironment(manifests[Number(number)], path, said) : said;
    return problem === '' || problem.startsWith('@skipped')
      ? []
      : [{ tree: Number(number), judge, path, said: problem }];
  });
  return { objections, asked, skipped };
}

/** How what systemd read from an environment file, in Base64, differs from what the file means. */
function otherEnvironment(manifest: HostManifest | undefined, path: string, base64: string): string {
  const file = manifest?.resources.find((resource) => isText(resource) && resource.path === path);
  if (!file || !isText(file)) return 'no such file';
  const read = Buffer.from(base64, 'base64').toString().split('\0');
  const seen = new Map(read.map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const wrong = [...readEnvironmentFile(file.content)].filter(([name, value]) => seen.get(name) !== value);
  return wrong
    .map(([name, value]) => `${name} is ${JSON.stringify(seen.get(name))}, not ${JSON.stringify(value)}`)
    .join('\n');
}

/** What is judged without a host: texts, and paths that nobody judges. */
function verdictHere({ resources, companions, project }: HostManifest, tree: number): Verdict {
  return verdictOfTexts([...resources.filter(isText), ...companions], project, tree);
}

/** What is judged about files of the project itself. */
export const verdictOfFiles = (files: readonly ProjectFile[], project: string, tree: number): Verdict =>
  verdictOfTexts(files, project, tree);

function verdictOfTexts(
  texts: readonly { readonly path: string; readonly content: string }[],
  project: string,
  tree: number,
): Verdict {
  const asked = new Map<string, number>();
  const objections = texts.flatMap(({ path, content }): Objection[] => {
    const judges = judgesOf(path, project);
    if (judges.length === 0) return [{ tree, judge: 'nobody', path, said: 'nothing judges this file' }];
    return judges
      .filter(({ where }) => where === 'here')
      .flatMap(({ name }) => {
        counted(asked, name);
        const said = judgesOfTexts[name]?.(path, content) ?? ['there is no such judge'];
        return said.map((one) => ({ tree, judge: name, path, said: one }));
      });
  });
  return { objections, asked, skipped: new Map() };
}

/** Several verdicts as one. */
export function merged(verdicts: readonly Verdict[]): Verdict {
  const total = (counts: readonly ReadonlyMap<string, number>[]) => {
    const sum = new Map<string, number>();
    for (const [name, count] of counts.flatMap((one) => [...one])) sum.set(name, (sum.get(name) ?? 0) + count);
    return sum;
  };
  return {
    objections: verdicts.flatMap(({ objections }) => objections),
    asked: total(verdicts.map(({ asked }) => asked)),
    skipped: total(verdicts.map(({ skipped }) => skipped)),
  };
}
