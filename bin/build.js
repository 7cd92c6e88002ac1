// Bundles src/ to dist/ with esbuild, because a bundle starts several times faster than TypeScript sources, with schemas and
// templates compiled into it. Does nothing when dist/ was made from the files as they are.
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

const bundling = { bundle: true, platform: 'node', target: 'node20', legalComments: 'none', logLevel: 'silent' };

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

/** First the assets become modules, by the program's own code; then these take the place of that code in the bundle. */
async function buildInto(root, folder) {
  const { build } = await import('esbuild');
  const work = join(folder, 'work');
  mkdirSync(work, { recursive: true });
  const source = join(root, 'src', 'project', 'assets-source.ts');
  const compiler = join(work, 'compiler.cjs');
  await build({ ...bundling, format: 'cjs', entryPoints: [source], outfile: compiler });
  const { assetModules } = (await import(pathToFileURL(compiler).href)).default;
  for (const [name, text] of Object.entries(assetModules(root))) writeFileSync(join(work, name), text);
  await build({
    ...bundling,
    format: 'cjs',
    minify: true,
    keepNames: true,
    entryPoints: [join(root, 'src', 'cli.ts')],
    outfile: join(folder, 'cli.cjs'),
    external: ['*.node'],
    nodePaths: [join(root, 'node_modules')],
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [compiledAssets(join(work, 'assets.js'))],
  });
  rmSync(work, { recursive: true, force: true });
}

const compiledAssets = (path) => ({
  name: 'compiled assets',
  setup: ({ onResolve }) => onResolve({ filter: /\/assets-source\.ts$/ }, () => ({ path })),
});
