// Bundles src/ to dist/ with esbuild, because a bundle starts several times faster than TypeScript sources, and precompiles
// schemas and templates beside it. Does nothing when dist/ was made from the files as they are.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const inputs = ['src', 'schema', 'templates', 'bin', 'package-lock.json'];

/** What dist/ depends on, by size and time: cheap to take, and different after any edit. */
function stampOf(root) {
  const parts = [];
  const visit = (path) => {
    const state = statSync(path);
    if (!state.isDirectory()) parts.push(`${path.slice(root.length)} ${state.size} ${state.mtimeMs}`);
    else for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  for (const input of inputs) visit(join(root, input));
  return parts.join('\n');
}

const bundling = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  splitting: true,
  minify: true,
  keepNames: true,
  legalComments: 'none',
  external: ['*.node'],
  // CommonJS packages in an ES bundle need what a CommonJS module has around it.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname, __filename = import.meta.filename;",
  },
  logLevel: 'silent',
};

/** Makes sure that dist/ is what the sources say. Two runs at once each build aside and rename. */
export async function ensureBuilt(root) {
  const dist = join(root, 'dist');
  const stamp = stampOf(root);
  const stampFile = join(dist, 'stamp');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const aside = join(root, `dist.${process.pid}`);
  try {
    await buildInto(root, aside);
    writeFileSync(join(aside, 'stamp'), stamp);
    rmSync(dist, { recursive: true, force: true });
    renameSync(aside, dist);
  } catch (error) {
    if (error?.code === 'ENOTEMPTY' || error?.code === 'EEXIST') return;
    throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function buildInto(root, folder) {
  const { build } = await import('esbuild');
  const entry = (name) => join(root, 'src', name);
  await build({ ...bundling, entryPoints: { cli: entry('cli.ts') }, outdir: folder });
  const work = join(folder, 'work');
  mkdirSync(work, { recursive: true });
  await build({
    ...bundling,
    splitting: false,
    entryPoints: { source: entry('project/assets-source.ts') },
    outdir: work,
  });
  const { assetModules } = await import(pathToFileURL(join(work, 'source.js')).href);
  for (const [name, text] of Object.entries(assetModules(root))) writeFileSync(join(work, name), text);
  await build({
    ...bundling,
    splitting: false,
    nodePaths: [join(root, 'node_modules')],
    entryPoints: { assets: join(work, 'assets.js') },
    outdir: folder,
  });
  rmSync(work, { recursive: true, force: true });
}
