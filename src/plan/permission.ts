import { nameOf } from '../resources/resource.ts';

/** What may be done beside what deploy.yaml says: taking over what somebody else made, and removing what would stay. */
export interface Permission {
  /** Which conflicts are taken over: all, or those with these ids or paths. */
  readonly adopt: true | readonly string[];
  /** Ids of resources that left the file and that go although they hold data or an identity. */
  readonly remove: readonly string[];
  /** Whether most of what the project has may go at once. */
  readonly prune: boolean;
}

/** Nothing beside what deploy.yaml says. */
export const noPermission: Permission = { adopt: [], remove: [], prune: false };

/** Whether a resource may be taken over. */
export const mayAdopt = ({ adopt }: Permission, id: string): boolean =>
  adopt === true || adopt.includes(id) || adopt.includes(nameOf(id));
