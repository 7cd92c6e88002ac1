/**
 * The command that runs the test files under `folder` (relative to the repository) whose path in it matches `pattern`;
 * `ignore` lists patterns of paths to leave out.
 */
export function uvuCommand(folder: string, pattern: string, ignore: string[] = []): [string, ...string[]] {
  const colour = process.stdout.isTTY ? [] : ['--no-color'];
  const ignored = ignore.flatMap((path) => ['--ignore', path]);
  return [process.execPath, '--import', 'tsx', 'node_modules/uvu/bin.js', folder, pattern, ...ignored, ...colour];
}
