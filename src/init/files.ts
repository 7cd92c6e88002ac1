import { stringify } from 'yaml';
import type { Answers } from './questions.ts';

/** A value as YAML on one line, quoted where it must be. */
const written = (value: string) => stringify(value, { lineWidth: 0 }).trimEnd();

/** A first deploy.yaml: valid, small, and with the next things to know beside each section. */
export function deployText({ name, source, start, domain, email, database }: Answers): string {
  return `# yaml-language-server: $schema=node_modules/fairlead/schema/deploy.schema.json
#
# What ${name} needs from its hosts. Everything that is not said here has a default, and a reason for it:
# "npm run compile -- --explain-defaults" prints both, and "npm run docs -- app.memory" describes a key.
# After a change: npm run plan, read the difference, npm run apply.

name: ${written(name)}

app:
  # The folder with package.json. What Git ignores is not shipped.
  source: ${written(source)}
  # The program listens where PORT says, as in server.listen(process.env.PORT), and answers GET /readyz with 200 once it is ready.
  start: ${written(start)}

proxy:
  domains:
    - ${written(domain)}

tls:
  # Certificates come from Let's Encrypt and renew by themselves.
  email: ${written(email)}
${database === 'yes' ? databaseText : ''}`;
}

const databaseText = `
database:
  # On the same host; the program finds it through PGHOST, PGDATABASE and PGUSER, and needs no password.
  engine: postgres
`;

/** hosts/production/<host>/host.yaml. */
export function hostText({ host, address, user, os, hostKey }: Answers): string {
  return `# yaml-language-server: $schema=../../../node_modules/fairlead/schema/host.schema.json
# How to reach ${host} and what it is; "npm run docs -- host.yaml" describes the keys.
name: ${written(host)}
address: ${written(address)}
${user === 'root' ? '' : `user: ${written(user)}\n`}os: ${written(os)}
# A host that shows any other key is refused.
hostKeys:
  - ${written(hostKey)}
`;
}

/** What must not be committed: what apply builds and fetches, and files with secrets. */
const ignored = ['.fairlead/', '.secrets/'];

/** .gitignore with what is missing in it, or undefined when nothing is. */
export function gitignoreText(before: string): string | undefined {
  const lines = before.split('\n').map((line) => line.trim());
  const missing = ignored.filter((entry) => !lines.includes(entry) && !lines.includes(entry.replace(/\/$/, '')));
  if (missing.length === 0) return undefined;
  const start = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  return `${start}${missing.join('\n')}\n`;
}
