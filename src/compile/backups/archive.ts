import { backupEngine } from '../../spec/backup-engine.ts';
import { seconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { type Setting, setting } from '../database/tuning.ts';
import { hasRole } from '../topology.ts';
import { backupPlaces, stanzaOf } from './places.ts';

/** Whether this project backs up the server of this host by its log. */
export const isArchived = ({ spec, host }: CompileInput): boolean =>
  backupEngine(spec) === 'pgbackrest' && hasRole(host, 'database');

/** How the server with these data hands over its write-ahead log; of two versions on a host, each its own. The parts of the command are names and paths of letters, digits and - . / _ alone. */
export function archiveSettings(input: CompileInput, data: string): Setting[] {
  if (!isArchived(input)) return [];
  const { spec, host } = input;
  const stanza = stanzaOf(spec.name, spec.environment, host.name);
  const command = `pgbackrest --config=${backupPlaces(spec.name).configuration} --stanza=${stanza} --pg1-path=${data} archive-push %p`;
  return [
    setting('archive_mode', 'backups.engine', 'on'),
    setting('archive_command', 'backups.engine', command),
    setting('archive_timeout', 'backups.archiveTimeout', `${seconds(spec.backups.archiveTimeout)}s`),
  ];
}
