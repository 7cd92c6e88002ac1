// Loads a CommonJS bundle with the code that V8 kept from the run before: that halves the time to load it. (Node has
// module.enableCompileCache for this from 22.1 on; this works from 20 on.)
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** Runs the bundle. `use` names what is done with it: each use compiles other functions, and has a cache of its own. */
export function loadBundle(file, use) {
  const cacheFile = `${file}.${/^[a-z]+$/.test(use) ? use : 'other'}.cache`;
  const cachedData = existsSync(cacheFile) ? readFileSync(cacheFile) : undefined;
  // V8 itself rejects a cache of another version, other flags or another source.
  const script = new Script(Module.wrap(readFileSync(file, 'utf8')), { filename: file, cachedData });
  if (!cachedData || script.cachedDataRejected) process.once('exit', () => keep(cacheFile, script));
  const module = { exports: {} };
  script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
}

function keep(cacheFile, script) {
  try {
    writeFileSync(`${cacheFile}.${process.pid}`, script.createCachedData());
    renameSync(`${cacheFile}.${process.pid}`, cacheFile);
  } catch {
    // A folder that cannot be written costs time and nothing else.
  }
}
