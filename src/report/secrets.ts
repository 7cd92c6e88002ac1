import type { Colors } from './colors.ts';

/** A secret as `npm run secrets -- list` shows it: never with its value. */
export interface ListedSecret {
  readonly name: string;
  readonly from: string;
  readonly description?: string;
  /** Keys of deploy.yaml that name it. */
  readonly usedBy: readonly string[];
}

/** A line for each secret: its name, its source, what names it, and what it is for. */
export function listText(secrets: readonly ListedSecret[], colors: Colors): string {
  if (secrets.length === 0) return 'deploy.yaml declares no secrets\n';
  const width = (of: (secret: ListedSecret) => string) => Math.max(...secrets.map((secret) => of(secret).length));
  const [names, sources] = [width(({ name }) => name), width(({ from }) => from)];
  return secrets
    .map(({ name, from, usedBy, description }) => {
      const uses = usedBy.length > 0 ? usedBy.join(', ') : colors.yellow('nothing uses it');
      const what = description === undefined ? '' : `  ${colors.dim(description)}`;
      return `${colors.bold(name.padEnd(names))}  ${from.padEnd(sources)}  ${uses}${what}\n`;
    })
    .join('');
}

/** What a new identity needs to be of use. */
export const identityText = (identityFile: string, recipient: string): string =>
  [
    `your identity is in ${identityFile}: keep a copy where only you can read it`,
    'add to deploy.yaml:',
    '',
    'secretsFile:',
    '  recipients:',
    `    - ${recipient}`,
    '',
    'if there is a secrets file already, let somebody who can read it run: npm run secrets -- rekey',
    '',
  ].join('\n');
