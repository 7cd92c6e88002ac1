import type { Connection } from '../transport/transport.ts';
import { type RunStatus, runIn } from './status/data.ts';

/** A unit of the backups that is run because somebody asked, and not a timer. */
export interface BackupRun {
  /** With its ending. */
  readonly unit: string;
  /** File with the state that it leaves. */
  readonly state: string;
  /** pgBackRest's configuration, and the name of the backups in it. */
  readonly configuration: string;
  readonly stanza: string;
  /** What it is asked for, and the file that it reads that from. */
  readonly request?: { readonly file: string; readonly lines: readonly string[] };
}

/** How far it is. */
export interface BackupProgress {
  /** Whether it was running already when it was asked for. */
  readonly joined?: true;
  readonly phase?: string;
  readonly seconds?: number;
  readonly percent?: number;
}

export interface BackupRan extends RunStatus {
  /** The last lines of its journal. */
  readonly said: readonly string[];
  /** Wall time, in seconds. */
  readonly seconds: number;
  /** The state that it left, as JSON. */
  readonly text: string | undefined;
}

/**
 * Starts it and waits for its end; it goes on without this process.
 *
 * @param script text of the host script `backup`.
 * @param hear told how far it is.
 */
export async function runBackup(
  connection: Connection,
  script: string,
  { unit, state, configuration, stanza, request }: BackupRun,
  hear: (progress: BackupProgress) => void,
): Promise<BackupRan> {
  const began = performance.now();
  const lines: string[] = [];
  const input = [unit, state, configuration, stanza, request?.file ?? '', ...(request?.lines ?? [])];
  const { code } = await connection.run(script, {
    input: input.map((line) => `${line}\n`).join(''),
    onLine: (line) => {
      lines.push(line);
      hear(progressIn(line));
    },
  });
  const all = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [ended] = all('ended');
  const [text] = all('state');
  const outcome = lines.includes('busy') ? busy : outcomeOf({ unit, code, ended, text });
  return { ...outcome, said: all('said'), seconds: (performance.now() - began) / 1000, text };
}

const busy: RunStatus = { result: 'failed', problem: 'another one is at work there; wait for its end, and ask again' };

function progressIn(line: string): BackupProgress {
  const [word, ...rest] = line.split(' ');
  if (word === 'joined') return { joined: true };
  if (word === 'phase') return { phase: rest.join(' ') };
  if (word !== 'progress') return {};
  const [seconds, percent] = rest.map(Number);
  return { seconds: seconds ?? 0, ...(Number.isNaN(percent) ? {} : { percent: percent ?? 0 }) };
}

interface Ended {
  readonly unit: string;
  readonly code: number;
  /** systemd's word for it. */
  readonly ended: string | undefined;
  readonly text: string | undefined;
}

/** A unit that was killed leaves the state of the run before. */
function outcomeOf({ unit, code, ended, text }: Ended): RunStatus {
  const run = runIn(text);
  if (code !== 0 || ended === undefined)
    return { result: 'failed', problem: `${unit} could not be started (exit code ${code})` };
  if (ended === 'success' && run) return run;
  const told = run && run.result !== 'ok' ? run.problem : `${unit} ended with ${ended}`;
  return { ...run, result: 'failed', problem: told };
}
