import type { DirectoryResource, PackageResource, Resource, UnitResource } from '../resources/resource.ts';

/**
 * Lets several sections ask for one package, group or folder, or feed one unit: a package is there once and stays when any
 * section says so, a group or a folder that all want alike is made once, and a unit takes up the inputs of all. Everything else has one owner,
 * which `ordered` checks.
 */
export function merged(resources: readonly Resource[]): Resource[] {
  const result = new Map<string, Resource>();
  const others: Resource[] = [];
  for (const resource of resources) {
    const before = result.get(resource.id);
    const one = before ? united(before, resource) : resource;
    if (one) result.set(resource.id, one);
    else others.push(resource);
  }
  return [...result.values(), ...others];
}

/** Two wishes of one id as one, where their kind allows that. */
function united(before: Resource, next: Resource): Resource | undefined {
  if (next.kind === 'package') return samePackage(before, next);
  if (next.kind === 'unit') return sameUnit(before, next);
  if (next.kind === 'group') return { ...before, needs: union(before.needs, next.needs) };
  if (next.kind === 'directory' && isAlike(before, next)) return { ...before, needs: union(before.needs, next.needs) };
  return undefined;
}

const union = (one: readonly string[], two: readonly string[]) => [...new Set([...one, ...two])];

const isAlike = (before: Resource, { mode, owner, group }: DirectoryResource) =>
  before.kind === 'directory' && before.mode === mode && before.owner === owner && before.group === group;

const samePackage = (before: Resource, next: PackageResource): Resource => ({
  ...next,
  origin: before.origin,
  needs: union(before.needs, next.needs),
  retain: next.retain || (before as PackageResource).retain,
});

const sameUnit = (before: Resource, next: UnitResource): Resource => {
  const first = before as UnitResource;
  const inputs = new Map([...first.inputs, ...next.inputs].map((input) => [input.id, input]));
  return { ...next, ...first, needs: union(first.needs, next.needs), inputs: [...inputs.values()] };
};
