import type { Resource } from '../../resources/resource.ts';
import type { CompileInput, Section } from '../compile.ts';
import { aptPackage, directory } from '../parts.ts';
import { admins } from './admins.ts';
import { firewall } from './firewall.ts';
import { journal } from './journal.ts';
import { kernel } from './kernel.ts';
import { places } from './places.ts';
import { ssh } from './ssh.ts';
import { swap } from './swap.ts';
import { timezone } from './timezone.ts';
import { updates } from './updates.ts';

const parts: readonly Section[] = [basics, timezone, kernel, journal, updates, swap, admins, ssh, firewall];

/**
 * What a host is besides running the program: packet filter, SSH server, updates, logs, kernel settings, people. Nothing, where
 * another project manages the host.
 */
export function compileHost(input: CompileInput): Resource[] {
  return input.spec.host.manage ? parts.flatMap((part) => part(input)) : [];
}

/** What every part may rely on. The clock's unit is left to its package: it does not run in a container. */
function basics({ spec }: CompileInput): Resource[] {
  return [
    directory(places.settings, 'host'),
    directory(places.scripts, 'host'),
    ...['ca-certificates', 'systemd-timesyncd'].map((name) => aptPackage(name, 'host')),
    ...spec.host.packages.map((name, index) => aptPackage(name, `host.packages.${index}`)),
  ];
}
