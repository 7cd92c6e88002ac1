// Run under --watch-path=src: builds, and starts what was built. After a failed build Node waits for the next change.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['node_modules/.bin/tsc'], { stdio: 'inherit' });
if (status === 0) await import('./dist/server.js');
