import type { HostManifest } from '../compile/manifest.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { sha256 } from '../plan/digest.ts';
import { emptyRecord, type HostRecord, readRecord } from '../plan/record.ts';
import { kindFor, kindNamed } from '../resources/kind.ts';
import { type Observed, type Wanted, wantAll } from '../resources/observed.ts';
import { releaseStamps } from '../resources/release.ts';
import { kindOf, nameOf } from '../resources/resource.ts';
import { DigestKey } from '../secrets/digest-key.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { type Frames, readFrames } from './frames.ts';
import { observedFrom } from './observation.ts';

/** A host as one exec saw it. */
export interface Probe {
  readonly observed: Observed;
  readonly record: HostRecord;
  /** What the host's digests of secrets are made by; none before its first secret. */
  readonly digestKey?: DigestKey;
}

/**
 * Reads all that the manifest and the host's own record make worth knowing, in one exec.
 *
 * @param script text of probe.sh.
 * @throws DiagnosticsError when the host cannot be read, or is not the kind of host that the manifest is for.
 */
export async function probe(connection: Connection, manifest: HostManifest, script: string): Promise<Probe> {
  const wanted = wantedBy(manifest);
  const { host } = manifest;
  const result = await connection.run(script, { input: requestFor(manifest, wanted), compressed: true });
  const frames = readFrames(result.stdout);
  if (!frames) throw unreadable(host, result.code, result.stderr);
  const record = recordFrom(frames, host.name);
  const observed = observedFrom(frames, withRecorded(wanted, record));
  refuseOtherHost(observed, host);
  return { observed, record, ...digestKeyFrom(frames, manifest) };
}

/** What must be read to plan a manifest. */
function wantedBy(manifest: HostManifest): Wanted {
  const parts = manifest.resources.map((resource) => kindFor(resource).probe(nameOf(resource.id)));
  const stamps = manifest.resources.flatMap((resource) => (resource.kind === 'release' ? releaseStamps(resource) : []));
  return wantAll([...parts, { paths: stamps }]);
}

function withRecorded(wanted: Wanted, record: HostRecord): Wanted {
  const recorded = [...record.resources.keys()].map((id) => kindNamed(kindOf(id))?.probe(nameOf(id)) ?? {});
  return wantAll([wanted, ...recorded]);
}

const lineKinds: readonly [keyof Wanted, string][] = [
  ['paths', 'path'],
  ['secrets', 'secret'],
  ['packages', 'package'],
  ['users', 'user'],
  ['groups', 'group'],
  ['units', 'unit'],
  ['clusters', 'cluster'],
  ['roles', 'role'],
  ['databases', 'database'],
];

/** Lines of a request, as probe.sh reads them. */
export const wantedLines = (wanted: Wanted): string[] =>
  lineKinds.flatMap(([key, word]) => wanted[key].map((name) => `${word} ${name}`));

/** The lines that the host keeps beside its record, so that the next probe reads what this manifest owns. */
export const rememberedLines = (manifest: HostManifest, record: HostRecord): string[] =>
  wantedLines(withRecorded(wantedBy(manifest), record));

function requestFor(manifest: HostManifest, wanted: Wanted): string {
  const files = manifest.resources.filter((resource) => resource.kind === 'file');
  const lines = [
    `project ${manifest.project}`,
    ...wantedLines(wanted),
    ...files.map(({ path, content }) => `known ${sha256(content)}  ${path}`),
    ...files.map(({ path }) => `readable ${path}`),
  ];
  return `${lines.join('\n')}\n`;
}

function recordFrom(frames: Frames, host: string): HostRecord {
  const record = frames.get('record');
  if (!record) return emptyRecord;
  if (record.status !== 0) {
    throw failure({
      code: 'record.unreadable',
      subject: host,
      message: `the record on ${host} could not be read: ${record.err.trim()}`,
      fix: 'look at the disk of the host (dmesg, df -h), then try again',
    });
  }
  const serial = Number(frames.get('serial')?.out.toString().trim() ?? 0);
  return readRecord(record.out.toString('utf8'), serial, host);
}

function digestKeyFrom(frames: Frames, { project, host }: HostManifest): Pick<Probe, 'digestKey'> {
  const frame = frames.get('digest-key');
  if (!frame) return {};
  const digestKey = DigestKey.parse(frame.out.toString('utf8'));
  if (digestKey) return { digestKey };
  throw failure({
    code: 'secrets.digest-key',
    subject: host.name,
    message: `the key by which ${host.name} compares secrets is damaged`,
    fix: `delete /var/lib/fairlead/${project}/digest-key on the host and apply again: all secrets are put in place anew`,
  });
}

function unreadable(host: ResolvedHostFile, code: number, stderr: string) {
  const said = stderr.trim().split('\n')[0] ?? '';
  if (/sudo/.test(said)) {
    return failure(
      {
        code: 'probe.sudo',
        subject: host.name,
        message: `${host.user} may not run sudo without a password on ${host.name} (${said})`,
        fix: `on the host, write "${host.user} ALL=(ALL) NOPASSWD: ALL" to /etc/sudoers.d/${host.user}, or set sudo: password or user: root in host.yaml`,
      },
      ExitCode.unreachable,
    );
  }
  return failure(
    {
      code: 'probe.failed',
      subject: host.name,
      message: `the state of ${host.name} could not be read (exit code ${code}${said ? `: ${said}` : ''})`,
      fix: 'look at the host: it needs sh, coreutils, findutils and systemd, and some free space in /tmp',
    },
    ExitCode.unreachable,
  );
}

/** Files are compiled for one release of the system; on another they may be wrong, so nothing is done there. */
function refuseOtherHost({ facts }: Observed, host: ResolvedHostFile): void {
  const wrong = [
    ['os', host.os, facts.os],
    ['architecture', host.architecture, facts.architecture],
  ].find(([, declared, actual]) => declared !== actual);
  if (!wrong) return;
  const [key, declared, actual] = wrong;
  throw failure(
    {
      code: 'host.other-system',
      subject: host.name,
      message: `${host.name} is ${actual || 'of an unknown kind'}, but host.yaml says ${key}: ${declared}`,
      fix: `write "${key}: ${actual}" in host.yaml if that release is supported, then run npm run compile`,
    },
    ExitCode.refused,
  );
}
