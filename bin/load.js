// Loads a CommonJS bundle with the code that V8 kept from the run before: that halves the time to load it. (Node has
// module.enableCompileCache for this from 22.1 on; this works from 20 on.)
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { createRequire } = Module;
const { dirname } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

/** Runs the bundle. `use` names what is done with it: each use compiles other functions, and has a cache of its own. */
function loadBundle(file, use) {
  const cacheFile = `${file}.${/^[a-z]+$/.test(use) ? use : 'other'}.cache`;
  const cachedData = existsSync(cacheFile) ? readFileSync(cacheFile) : undefined;
  // V8 itself rejects a cache of another version, other flags or another source. The bundle is ASCII (build.js), and read as
  // Latin-1 it needs no decoding.
  const script = new Script(Module.wrap(readFileSync(file, 'latin1')), { filename: file, cachedData });
  if (!cachedData || script.cachedDataRejected) keepAtExit(cacheFile, script);
  const module = { exports: {} };
  script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
}

/** In a long run V8 drops code that it has not used for a while, and the cache would lack it. */
function keepAtExit(cacheFile, script) {
  setFlagsFromString('--no-flush-bytecode');
  process.once('exit', () => keep(cacheFile, script));
}

function keep(cacheFile, script) {
  // A cache is for a process with the same flags.
  setFlagsFromString('--flush-bytecode');
  try {
    writeFileSync(`${cacheFile}.${process.pid}`, script.createCachedData());
    renameSync(`${cacheFile}.${process.pid}`, cacheFile);
  } catch {
    // A folder that cannot be written costs time and nothing else.
  }
}

module.exports = { loadBundle };
