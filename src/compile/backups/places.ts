/** Where backups, their configuration and what is known about them lie on a database host. */
export const backupPlaces = (name: string) => {
  const programs = `/usr/local/lib/fairlead/${name}`;
  const state = `/var/lib/${name}-backup`;
  return {
    configuration: `/etc/fairlead/${name}/pgbackrest.conf`,
    checks: `/etc/fairlead/${name}/drill-checks.sql`,
    programs,
    backup: `${programs}/backup`,
    drill: `${programs}/backup-drill`,
    restore: `${programs}/restore`,
    /** Folder of PostgreSQL's user: locks, scratch servers of drills, and the two files below. */
    state,
    locks: `${state}/lock`,
    /** JSON: format, result (ok or failed), problem, startedAt, finishedAt, lastSuccessAt (seconds since 1970; 0: never). */
    backupStatus: `${state}/backup.json`,
    /** The same of the last drill, with what it measured. */
    drillStatus: `${state}/drill.json`,
    /** The same of the last restore, and what the next one is asked for. */
    restoreStatus: `${state}/restore.json`,
    restoreRequest: `${state}/restore.request`,
    /** What is known about each dump, where backups are dumps: a file of JSON each. */
    dumps: `${state}/dumps`,
    /** Keys that PostgreSQL's user must read, put there at boot. */
    keys: `/run/${name}-backup-keys`,
    units: {
      keys: `${name}-backup-keys.service`,
      stanza: `${name}-backup-stanza.service`,
      full: `${name}-backup-full`,
      incremental: `${name}-backup-incremental`,
      drill: `${name}-backup-drill`,
      restore: `${name}-backup-restore`,
      restoreBack: `${name}-backup-restore-back.service`,
    },
  };
};

/** Name of the backups of one server (pgBackRest's stanza); unique where environments share a repository. */
export const stanzaOf = (name: string, environment: string, host: string): string => `${name}-${environment}-${host}`;
