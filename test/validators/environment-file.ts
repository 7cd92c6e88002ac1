/** Reads environment files as systemd does (systemd.exec(5), EnvironmentFile=), in as far as Fairlead writes them: quoted values. */
export function readEnvironmentFile(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  const assignment = /([A-Za-z_][A-Za-z0-9_]*)=(?:"((?:[^"\\]|\\[\s\S])*)"|([^\n"'\\]*))\n|#[^\n]*\n|\n/gy;
  let end = 0;
  for (const found of text.matchAll(assignment)) {
    end = found.index + found[0].length;
    const [, name, quoted, plain] = found;
    if (name !== undefined) entries.set(name, quoted?.replaceAll(/\\(["\\$`])/g, '$1') ?? plain ?? '');
  }
  if (end !== text.length)
    throw new Error(`an environment file that systemd would read otherwise: ${text.slice(end, end + 80)}`);
  return entries;
}
