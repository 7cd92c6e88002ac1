import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A script for hosts that finds, in `folder`, a systemctl before the real one: systemd runs there, and knows no unit. The executor
 * goes back only where systemd answers.
 */
export function withSystemctl(script: string, folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const text = '#!/bin/sh\ncase "$1" in is-system-running) echo running ;; *) exit 1 ;; esac\n';
  writeFileSync(join(bin, 'systemctl'), text, { mode: 0o755 });
  return script.replace(/^PATH=/m, `PATH=${bin}:`);
}
