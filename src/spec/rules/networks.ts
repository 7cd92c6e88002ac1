import type { KeyPath } from '../document.ts';
import { beginningOf, networkOf } from '../network.ts';
import { deref, type Schema } from '../schema.ts';
import { error, type Rule } from './rule.ts';

/** A value that the schema calls a network, with its place. */
interface Place {
  readonly path: KeyPath;
  readonly text: string;
}

/** Every network in a value, wherever the schema refers to that definition. */
function networksIn(root: Schema, raw: Schema, value: unknown, path: KeyPath = []): Place[] {
  if (raw.$ref === '#/definitions/network') return typeof value === 'string' ? [{ path, text: value }] : [];
  if (typeof value !== 'object' || value === null) return [];
  const { items, properties, additionalProperties } = deref(root, raw);
  if (Array.isArray(value))
    return items ? value.flatMap((one, index) => networksIn(root, items, one, [...path, index])) : [];
  return Object.entries(value).flatMap(([key, one]) => {
    const next = properties?.[key] ?? additionalProperties;
    return typeof next === 'object' ? networksIn(root, next, one, [...path, key]) : [];
  });
}

const networkIsOne: Rule = ({ document, schema, spec }) =>
  networksIn(schema, schema, spec).flatMap(({ path, text }) => {
    if (!networkOf(text)) {
      const fix = 'write an address such as 192.0.2.7, or a network such as 192.0.2.0/24 or 2001:db8::/32';
      return [error(document, path, 'network.unknown', `${text} is no IP address and no network`, fix)];
    }
    const beginning = beginningOf(text);
    return beginning
      ? [error(document, path, 'network.beginning', `${text} is in the middle of a network`, `write ${beginning}`)]
      : [];
  });

const privateAddressIsOne: Rule = ({ hosts }) =>
  hosts.flatMap(({ document, host }) =>
    host.privateAddress === undefined || networkOf(host.privateAddress)
      ? []
      : [
          error(
            document,
            ['privateAddress'],
            'host.private-address',
            `${host.privateAddress} is no IP address`,
            'write one such as 10.0.0.11',
          ),
        ],
  );

/** Rules about addresses and networks, in whatever section they stand. */
export const networkRules: readonly Rule[] = [networkIsOne, privateAddressIsOne];
