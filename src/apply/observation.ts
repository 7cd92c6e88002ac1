import {
  absent,
  type ClusterState,
  type Composition,
  type HostFacts,
  lookUp,
  mapRead,
  type Observed,
  type PathState,
  present,
  type Read,
  type SecretState,
  type UnitState,
  type UserState,
  unknown,
  type Wanted,
} from '../resources/observed.ts';
import type { Frame, Frames } from './frames.ts';

const missing: Frame = { status: 255, out: Buffer.alloc(0), err: 'the host did not send it' };

/** What the frames say about everything wanted. What a failed command leaves open is unknown, never absent. */
export function observedFrom(frames: Frames, wanted: Wanted): Observed {
  const frame = (name: string) => frames.get(name) ?? missing;
  return {
    facts: factsFrom(frames),
    paths: readPaths(wanted.paths, frame('paths'), frame('hashes'), frames),
    secrets: readSecrets(wanted.secrets, frames),
    packages: readPackages(wanted.packages, frame('packages')),
    users: readUsers(wanted.users, frame('users'), frame('groups')),
    groups: readGroups(wanted.groups, frame('groups')),
    units: readUnits(wanted.units, frame('units')),
    clusters: readClusters(wanted.clusters, frames.get('clusters')),
    ...readPostgres(wanted, frames.get('postgres')),
  };
}

const linesOf = (frame: Frame) =>
  frame.out
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
const firstLine = (text: string) => text.split('\n')[0] ?? '';
const table = <T>(names: readonly string[], read: (name: string) => Read<T>) =>
  new Map(names.map((name) => [name, read(name)]));

function factsFrom(frames: Frames): HostFacts {
  const text = (name: string) => (frames.get(name) ?? missing).out.toString('utf8').trim();
  const rows = text('space').split('\n').slice(1);
  const free = rows.map((row) => [row.trim().split(/\s+/)[1] ?? '', Number.parseInt(row, 10)] as const);
  return {
    os: text('os'),
    architecture: text('architecture'),
    bootId: text('boot'),
    freeKib: Object.fromEntries(free),
    ...unfinished(frames),
    ...neighbours(frames),
  };
}

/** Lines of `<project> <path>`. */
function neighbours(frames: Frames): Pick<HostFacts, 'neighbours'> {
  const frame = frames.get('neighbours');
  if (!frame) return {};
  const split = (line: string) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))] as const;
  return { neighbours: new Map(linesOf(frame).map(split)) };
}

function unfinished(frames: Frames): Pick<HostFacts, 'unfinished'> {
  const target = frames.get('unfinished')?.out.toString('utf8').trim();
  return target ? { unfinished: target.slice(target.lastIndexOf('/') + 1) } : {};
}

const types: Record<string, PathState['type']> = { f: 'file', d: 'directory', l: 'symlink' };

/** What find said of each path. */
function readRows(names: readonly string[], frame: Frame): Map<string, Read<PathState>> {
  const rows = new Map(linesOf(frame).map((line) => [line.split('|')[5] ?? '', line.split('|')] as const));
  const complaints = frame.err.split('\n');
  return table(names, (path) => {
    const row = rows.get(path);
    if (!row) return whyNoPath(path, frame, complaints);
    const [type = '', mode = '', owner = '', group = '', size = '', , ...target] = row;
    const state = { type: types[type] ?? ('other' as const), mode, owner, group };
    if (type === 'f') return present({ ...state, size: Number(size) });
    return present(type === 'l' ? { ...state, target: target.join('|') } : state);
  });
}

function readPaths(
  names: readonly string[],
  frame: Frame,
  hashes: Frame,
  frames: Frames,
): Map<string, Read<PathState>> {
  const rows = readRows(names, frame);
  const sums = new Map(linesOf(hashes).map((line) => [line.slice(66), line.slice(0, 64)] as const));
  return table(names, (path) => {
    const row = lookUp(rows, path);
    if (row.state !== 'present' || row.value.type !== 'file') return row;
    const sha256 = sums.get(path);
    if (!sha256) return unknown('its content could not be read');
    const content = frames.get(`content:${path}`)?.out.toString('utf8');
    return present({ ...row.value, sha256, ...(content === undefined ? {} : { content }), ...pristine(path, frames) });
  });
}

const pristine = (path: string, frames: Frames): Pick<PathState, 'pristine'> =>
  linesOf(frames.get('pristine') ?? missing).includes(path) ? { pristine: true } : {};

/** Files with secrets in them: of their content there is nothing but a keyed digest. */
function readSecrets(names: readonly string[], frames: Frames): Map<string, Read<SecretState>> {
  const rows = readRows(names, frames.get('secrets') ?? missing);
  const digests = new Map(linesOf(frames.get('digests') ?? missing).map((line) => [line.slice(39), line.slice(0, 38)]));
  const compositions = readCompositions(frames.get('compositions') ?? missing);
  return table(names, (path) =>
    mapRead(lookUp(rows, path), ({ type, mode, owner, group }) => {
      const [digest, composed] = [digests.get(path), compositions.get(path)];
      const known = { ...(digest ? { digest } : {}), ...(composed ? { composed } : {}), ...pristine(path, frames) };
      return { type, mode, owner, group, ...known };
    }),
  );
}

/** What the host noted about files that it put secrets into (apply/host/executor/secrets.sh); the last line about a path counts. */
function readCompositions(frame: Frame): Map<string, Composition> {
  const compositions = new Map<string, Composition>();
  for (const line of linesOf(frame)) {
    const [path = '', template, result, secrets, parts] = line.split('|');
    compositions.delete(path);
    if (template === undefined || result === undefined || secrets === undefined || parts === undefined) continue;
    const pairs = parts.split(' ').filter((part) => part !== '');
    const digests = Object.fromEntries(pairs.map((part) => part.split(/=(.*)/s).slice(0, 2) as [string, string]));
    compositions.set(path, { template, result, secrets, parts: digests });
  }
  return compositions;
}

function whyNoPath(path: string, frame: Frame, complaints: readonly string[]): Read<never> {
  const complaint = complaints.find((line) => line.includes(`'${path}'`) || line.includes(`‘${path}’`));
  if (complaint && /No such file or directory|Not a directory/.test(complaint)) return absent;
  return unknown(complaint ?? (firstLine(frame.err) || 'find did not mention it'));
}

function readPackages(names: readonly string[], frame: Frame): Map<string, Read<{ version: string }>> {
  const rows = new Map(linesOf(frame).map((line) => [line.split('|')[0] ?? '', line.split('|')] as const));
  return table(names, (name) => {
    const [, status = '', version = ''] = rows.get(name) ?? [];
    // What is wanted, what is, and an error (dpkg-query(1), db:Status-Abbrev); a held package is "hi".
    if (/^.i ?$/.test(status)) return present({ version });
    if (/^.[cn] ?$/.test(status)) return absent;
    if (status)
      return unknown(
        `its installation was interrupted (dpkg says ${status.trim()}); run "dpkg --configure -a" on the host`,
      );
    const complaints = frame.err.split('\n');
    return complaints.some((line) => line.endsWith(`no packages found matching ${name}`))
      ? absent
      : unknown(firstLine(frame.err) || 'dpkg-query did not mention it');
  });
}

function readUsers(names: readonly string[], frame: Frame, groups: Frame): Map<string, Read<UserState>> {
  const groupNames = new Map(
    linesOf(groups).map((line) => [line.split(':')[2] ?? '', line.split(':')[0] ?? ''] as const),
  );
  const rows = new Map(linesOf(frame).map((line) => [line.split(':')[0] ?? '', line.split(':')] as const));
  return table(names, (name) => {
    const row = rows.get(name);
    if (!row)
      return frame.status === 0 || frame.status === 2 ? absent : unknown(firstLine(frame.err) || 'getent failed');
    if (groups.status !== 0) return unknown(firstLine(groups.err) || 'getent failed');
    const [, , , gid = '', , home = '', shell = ''] = row;
    return present({ group: groupNames.get(gid) ?? gid, home, shell });
  });
}

function readGroups(names: readonly string[], frame: Frame): Map<string, Read<true>> {
  const known = new Set(linesOf(frame).map((line) => line.split(':')[0]));
  return table(names, (name) => {
    if (frame.status !== 0) return unknown(firstLine(frame.err) || 'getent failed');
    return known.has(name) ? present(true as const) : absent;
  });
}

function readUnits(names: readonly string[], frame: Frame): Map<string, Read<UnitState>> {
  const blocks = frame.out
    .toString('utf8')
    .split('\n\n')
    .map((block) =>
      Object.fromEntries(block.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)) as [string, string][]),
    )
    .filter((block) => block.Id !== undefined);
  const units = new Map<string, Read<UnitState>>();
  for (const block of blocks) {
    const state = {
      active: block.ActiveState ?? '',
      enabled: block.UnitFileState ?? '',
      needsReload: block.NeedDaemonReload === 'yes',
    };
    units.set(block.Id ?? '', block.LoadState === 'not-found' ? absent : present(state));
  }
  for (const name of names) {
    if (units.has(name)) continue;
    units.set(name, frame.status === 0 ? absent : unknown(firstLine(frame.err) || 'systemctl show failed'));
  }
  return units;
}

/** Rows of `<name>|<version>|<starts>|<data>|<ours>`. */
function readClusters(names: readonly string[], frame: Frame | undefined): Map<string, Read<ClusterState>> {
  const rows = frame ? linesOf(frame).map((line) => line.split('|')) : [];
  return table(names, (name) => {
    if (!frame || frame.status !== 0) return unknown(frame ? firstLine(frame.err) : 'it was not asked for');
    const withData = rows.filter(([of, , , data]) => of === name && data === 'yes');
    const starting = withData.filter(([, , starts]) => starts === 'yes');
    const own = starting.filter(([, , , , ours]) => ours === 'yes');
    const numbers = (found: readonly string[][]) => found.map(([, version]) => Number(version)).sort((a, b) => a - b);
    const serves = numbers(own.length > 0 ? own : starting).at(-1);
    return serves === undefined ? absent : present({ serves, ours: own.length > 0, versions: numbers(withData) });
  });
}

function readPostgres(wanted: Wanted, frame: Frame | undefined): Pick<Observed, 'roles' | 'databases'> {
  const rows = frame ? linesOf(frame).map((line) => line.split('|')) : [];
  const notInstalled = rows[0]?.[0] === 'none';
  const find = (kind: string, name: string): Read<string> => {
    if (!frame || (frame.status !== 0 && !notInstalled))
      return unknown(frame ? firstLine(frame.err) : 'it was not asked for');
    const row = rows.find(([of, called]) => of === kind && called === name);
    return row ? present(row[2] ?? '') : absent;
  };
  const map = <T>(read: Read<string>, use: (value: string) => T): Read<T> =>
    read.state === 'present' ? present(use(read.value)) : read;
  return {
    roles: table(wanted.roles, (name) => map(find('role', name), (login) => ({ login: login === 'true' }))),
    databases: table(wanted.databases, (name) => map(find('database', name), (owner) => ({ owner }))),
  };
}
