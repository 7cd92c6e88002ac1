// Bundles src/ to dist/ with esbuild, because a bundle starts several times faster than TypeScript sources, with schemas and
// templates compiled into it. Does nothing when dist/ was made from the files as they are.
const {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const folders = ['src', 'schema', 'templates', 'bin'];

/** What dist/ depends on, by size and time: cheap to take, and different after any edit. */
function stampOf(root) {
  const parts = [];
  const take = (path) => {
    const { size, mtimeMs } = statSync(path);
    parts.push(`${path.slice(root.length)} ${size} ${mtimeMs}`);
  };
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else take(path);
    }
  };
  for (const folder of folders) visit(`${root}/${folder}`);
  take(`${root}/package-lock.json`);
  return parts.join('\n');
}

const bundling = { bundle: true, platform: 'node', target: 'node20', legalComments: 'none', logLevel: 'silent' };

/** Makes sure that dist/ is what the sources say. Two runs at once each build aside and rename. */
async function ensureBuilt(root) {
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
    entryPoints: [join(root, 'src', 'cli.ts')],
    outfile: join(folder, 'cli.cjs'),
    external: ['*.node'],
    nodePaths: [join(root, 'node_modules')],
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [compiledAssets(join(work, 'assets.js')), withoutHttp],
  });
  if (!/^[\0-\x7f]*$/.test(readFileSync(join(folder, 'cli.cjs'), 'latin1')))
    throw new Error('the bundle must be ASCII (load.js): write other characters of regular expressions as \\u escapes');
  rmSync(work, { recursive: true, force: true });
}

const compiledAssets = (path) => ({
  name: 'compiled assets',
  setup: ({ onResolve }) => onResolve({ filter: /\/assets-source\.ts$/ }, () => ({ path })),
});

/** ssh2 brings agents that speak HTTP through SSH, which nobody here does; loading Node's HTTP for them takes milliseconds. */
const withoutHttp = {
  name: 'without HTTP',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^\.\/http-agents\.js$/ }, () => ({ path: 'http-agents', namespace: 'empty' }));
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: '' }));
  },
};

module.exports = { ensureBuilt };
