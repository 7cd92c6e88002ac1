/** A project in a temporary folder, and a terminal that remembers what was printed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Terminal } from '../../src/commands/context.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';

export const deployText = `name: notes
app: { source: . }
proxy: { domains: [notes.example.com] }
tls: { provider: none }
`;

export const hostText = `name: web-1
address: 192.0.2.1
os: debian-12
hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G]
`;

const folders: string[] = [];

/** A new folder with these files; `removeFolders` ends all of them. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-command-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** What a command did: its exit code, what it printed, and what it threw. */
export interface Ran {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
  readonly codes: readonly string[];
  /** Messages and fixes. */
  readonly refusals: string;
}

/** Runs a command with a terminal without colours. */
export async function ran(command: (terminal: Terminal) => Promise<number>): Promise<Ran> {
  const said = { out: '', err: '' };
  const terminal: Terminal = {
    out: { write: (text) => (said.out += text) },
    err: { write: (text) => (said.err += text) },
    environment: { NO_COLOR: '1' },
  };
  try {
    return { code: await command(terminal), ...said, codes: [], refusals: '' };
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    const refusals = error.diagnostics.map(({ message, fix }) => `${message}; ${fix}`).join('\n');
    return { code: error.exitCode, ...said, codes: error.diagnostics.map(({ code }) => code), refusals };
  }
}
