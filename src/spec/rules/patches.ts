import {
  firewallProblem,
  nginxProblem,
  type PatchProblem,
  postgresProblem,
  redisProblem,
  sshdProblem,
  systemdProblem,
} from '../patches.ts';
import { error, type Rule } from './rule.ts';

type Lines = readonly string[];

/** A rule about the lists of lines of one program: the first line that cannot stand where it would be written. */
const linesFit =
  (program: string, keys: readonly (readonly string[])[], check: (lines: Lines) => PatchProblem | undefined): Rule =>
  ({ document, spec }) =>
    keys.flatMap((key) => {
      const lines = key.reduce<unknown>(
        (value, part) => (value as Record<string, unknown>)[part],
        spec.patches,
      ) as Lines;
      const found = check(lines);
      const path = ['patches', ...key];
      return found
        ? [
            error(
              document,
              [...path, found.line],
              `patches.${program}`,
              `this line of ${path.join('.')} ${found.problem}`,
              found.fix,
            ),
          ]
        : [];
    });

const blocksOf = (section: string, blocks: readonly string[]) => blocks.map((block) => [section, block]);

/** Rules about foreign lines: each list must be whole by itself, so that it cannot end what it stands in. */
export const patchRules: readonly Rule[] = [
  linesFit('nginx', blocksOf('nginx', ['http', 'server', 'location', 'main']), nginxProblem),
  linesFit('systemd', blocksOf('systemd', ['web', 'worker', 'job']), systemdProblem),
  linesFit('postgres', [['postgres']], postgresProblem),
  linesFit('redis', [['redis']], redisProblem),
  linesFit('sshd', [['sshd']], sshdProblem),
  linesFit('firewall', [['firewall']], firewallProblem),
];
