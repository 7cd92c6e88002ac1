import { directoryKind } from './directory.ts';
import { fileKind } from './file.ts';
import { groupKind } from './group.ts';
import type { Observed, Read, Wanted } from './observed.ts';
import { packageKind } from './package.ts';
import { clusterKind } from './postgres-cluster.ts';
import { databaseKind } from './postgres-database.ts';
import { roleKind } from './postgres-role.ts';
import { releaseKind } from './release.ts';
import type { Resource, ResourceKind } from './resource.ts';
import { secretKind } from './secret.ts';
import { secretFileKind } from './secret-file.ts';
import type { Step } from './step.ts';
import { symlinkKind } from './symlink.ts';
import { unitKind } from './unit.ts';
import { userKind } from './user.ts';

/** What is compared: names and values that people understand. Equal maps mean that there is nothing to do. */
export type Attributes = Readonly<Record<string, string>>;

/**
 * How a resource is removed once it left the manifest. With `retained`, the reason why it stays all the same, it holds data or an
 * identity and goes only when a token of the plan asks for it (plan/tokens.ts).
 */
export interface Removal {
  readonly steps: readonly Step[];
  readonly retained?: string;
}

/** Why a change is not made. With `adoptable`, it is made all the same when somebody says `--adopt`. */
export interface Refusal {
  readonly reason: string;
  readonly adoptable: boolean;
}

/** All that is known about one kind of resource. Everything is pure; `name` is the part of the id behind the colon. */
export interface Kind<R extends Resource = Resource> {
  /** What to read from the host to know the state of the one with this name. */
  probe(name: string): Partial<Wanted>;
  /** Its state as it was read, in the terms of `desired`. */
  read(name: string, observed: Observed): Read<Attributes>;
  /** Its state as it should be. */
  desired(resource: R): Attributes;
  /** What else to keep in the record, for the day when the file no longer names it. */
  remembered?(resource: R): Attributes;
  /** Why its content is not compared this time, though all else is. */
  unchecked?(resource: R): string | undefined;
  /** Why nobody can tell now whether it is as it should be, such as `is starting`; though it could be read. */
  unsettled?(name: string, observed: Observed): string | undefined;
  /** Why the one that is there can not become what is desired, though the two differ only in what deploy.yaml says. */
  refuses?(resource: R, live: Attributes): Refusal | undefined;
  /** Whether one that is there already, and differs, may be somebody else's. */
  readonly claims: boolean;
  /** Whether the one that is there belongs to nobody in particular, so that taking its place is no conflict. */
  unclaimed?(name: string, observed: Observed): boolean;
  /** Whether its steps look for themselves, so that they may be planned while its state is unknown. */
  readonly selfChecking?: boolean;
  /** How to get from what was read to what is desired; called only when the two differ. */
  steps(resource: R, reading: Read<Attributes>, observed: Observed): readonly Step[];
  /** How to remove it once the file no longer names it; `before` is what was last applied. */
  remove(name: string, before: Attributes): Removal;
}

const kinds: { readonly [K in ResourceKind]: Kind<Extract<Resource, { kind: K }>> } = {
  package: packageKind,
  group: groupKind,
  user: userKind,
  directory: directoryKind,
  secret: secretKind,
  file: fileKind,
  'secret-file': secretFileKind,
  symlink: symlinkKind,
  unit: unitKind,
  'postgres-cluster': clusterKind,
  'postgres-role': roleKind,
  'postgres-database': databaseKind,
  release: releaseKind,
};

/** The kind of a name, or undefined for one that a newer version wrote into the record. */
export function kindNamed(name: string): Kind | undefined {
  return kinds[name as ResourceKind] as Kind | undefined;
}

/** The kind of a resource. */
export const kindFor = (resource: Resource): Kind => kinds[resource.kind] as unknown as Kind;
