import type { AuditAction } from './commands/audit.ts';
import type { BackupAction } from './commands/backup.ts';
import type { Terminal } from './commands/context.ts';
import type { SecretsAction } from './commands/secrets.ts';
import type { ExitCode } from './diagnostic.ts';
import type { Shell } from './report/completion.ts';

/**
 * Runs a verb; `words` are its arguments. The options are what commander makes of the forms below, which each command names as
 * the type of its own.
 */
export type Run = (options: never, terminal: Terminal, ...words: string[]) => Promise<ExitCode>;

/** An option or argument in commander's notation, and what it is for. */
export interface Described {
  readonly form: string;
  readonly text: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
}

/** One command of the command line: all that `--help`, completion and the parser know about it. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly examples: string;
  readonly exits: string;
  /** What it takes beside options. */
  readonly words?: readonly Described[];
  readonly options: readonly Described[];
  /** Commands are loaded when they run, so that validate does not wait for SSH. */
  readonly load: () => Promise<Run>;
}

const file = { form: '--file <path>', text: 'the deploy file (default: deploy.yaml)' };
const env = { form: '--env <name>', text: 'environment: a folder of hosts/ (default: production, or the only one)' };
const host = { form: '--host <name...>', text: 'only these hosts' };
const role = {
  form: '--role <role...>',
  text: 'only hosts with one of these roles: proxy, app, worker, database (with --host: of those hosts)',
};
const json = { form: '--json', text: 'print JSON for programs instead of text for people' };
const strict = { form: '--strict', text: 'take warnings for errors' };
const common = [env, file, host, json];
const consent = [
  {
    form: '--adopt [path-or-id...]',
    text: 'take over what is there and differs: all of it, or these paths or ids; it is kept, and comes back when it leaves the file',
  },
  {
    form: '--remove <token...>',
    text: 'remove what would stay because it holds data or an identity; plan prints the tokens',
  },
  { form: '--prune <token...>', text: 'allow a plan that removes most of what the project has on a host' },
];

/** Every verb, in the order of `--help`. */
export const verbs: readonly Verb[] = [
  {
    name: 'init',
    summary: 'write a first deploy.yaml and host.yaml for your own program, from a few questions or from flags',
    options: [
      file,
      { form: '--name <name>', text: 'name of the project (default: the folder)' },
      { form: '--source <folder>', text: 'folder with the source (default: .)' },
      {
        form: '--start <command>',
        text: 'command that starts it (default: the script of package.json, or node server.js)',
      },
      { form: '--domain <name>', text: 'domain of the site' },
      { form: '--email <address>', text: "contact for Let's Encrypt" },
      { form: '--database', text: 'with a PostgreSQL database' },
      { form: '--no-database', text: 'without one' },
      { form: '--host <name>', text: 'name of the host (default: web-1)' },
      { form: '--address <address>', text: "the host's IP address or DNS name" },
      { form: '--user <name>', text: 'user to log in as (default: root)' },
      { form: '--os <release>', text: 'debian-12, debian-13, ubuntu-22.04 or ubuntu-24.04' },
      {
        form: '--host-key <key>',
        text: 'public key of its SSH server; without it the key is read, shown and confirmed',
      },
    ],
    examples:
      '  npm run init\n  npm run init -- --name shop --domain shop.example.com --email ops@example.com --no-database \\\n    --address 192.0.2.10 --os debian-13 --host-key "ssh-ed25519 AAAA…"',
    exits: '0 written, 1 an answer is missing or a file is there already, 8 the host shows no key',
    load: async () => {
      const { init } = await import('./commands/init.ts');
      return (options, terminal) => init(options, terminal);
    },
  },
  {
    name: 'import',
    summary: 'turn an existing Compose file into a first deploy.yaml, and say what could not be carried over',
    words: [{ form: '<compose-file>', text: 'such as docker-compose.yml' }],
    options: [
      { form: '--name <name>', text: 'name of the project (default: from the Compose file or its folder)' },
      { form: '--out <path>', text: 'where to write (default: deploy.yaml)' },
      file,
      json,
    ],
    examples: '  npm run import -- docker-compose.yml\n  npm run import -- compose.yaml --name shop --out deploy.yaml',
    exits: '0 written, 1 the file cannot be read or deploy.yaml is there already',
    load: async () => {
      const { importCompose } = await import('./commands/import.ts');
      return (options, terminal, path = '') => importCompose(options, terminal, path);
    },
  },
  {
    name: 'validate',
    summary: 'check deploy.yaml and every host.yaml, and say all that is wrong at once',
    options: [...common, strict],
    examples:
      '  npm run validate\n  npm run validate -- --env production --json\n  npm run validate -- --strict        # in CI: warnings fail, too',
    exits: '0 valid, 1 not valid',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  {
    name: 'compile',
    summary:
      'write what each host will get to hosts/<environment>/<host>/rootfs, and workflows and container files, for review and for git',
    options: [
      ...common,
      strict,
      { form: '--check', text: 'only compare, and fail when a file would change' },
      { form: '--explain-defaults', text: 'only print the resolved file, with the origin of every value' },
    ],
    examples:
      '  npm run compile\n  npm run compile -- --check                # in CI: fail when a compiled file is not up to date\n  npm run compile -- --explain-defaults --env staging',
    exits: '0 done, 1 not valid, or with --check not up to date',
    load: async () => (await import('./commands/compile.ts')).compile,
  },
  {
    name: 'plan',
    summary: 'compare deploy.yaml with the live hosts and show the difference; changes nothing',
    options: [
      ...common,
      role,
      strict,
      ...consent,
      { form: '--out <path>', text: 'save the plan, for apply to do this and nothing else' },
      { form: '--drift', text: 'show only what changed on the hosts since the last apply' },
      {
        form: '--format <format>',
        text: 'text, json, or markdown for a comment on a pull request',
        choices: ['text', 'json', 'markdown'],
      },
    ],
    examples:
      '  npm run plan\n  npm run plan -- --env production --host web-1\n  npm run plan -- --out plan.json\n  npm run plan -- --drift --format markdown\n  npm run plan -- --adopt /etc/tmpfiles.d/notes.conf\n  npm run plan -- --remove 1a2b3c4d',
    exits:
      '0 nothing to do, 2 changes (with --drift: something changed on a host),\n  1 error, or something could not be read',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'apply',
    summary: 'bring the hosts to what deploy.yaml says',
    words: [{ form: '[plan]', text: 'a plan that was saved by plan --out: that is done, or nothing' }],
    options: [
      ...common,
      role,
      strict,
      ...consent,
      { form: '--parallel <n>', text: 'how many hosts to work on at a time (default: 10)' },
      {
        form: '--batch <n>',
        text: 'how many hosts to begin before the next, which are begun only if all of these converge',
      },
      { form: '--pause <time>', text: 'how long to wait between batches, such as 30s or 10m' },
      {
        form: '--attach [id]',
        text: 'begin nothing: follow an apply that goes on on the hosts, the newest or this one',
      },
    ],
    examples:
      '  npm run apply\n  npm run apply -- --host web-1\n  npm run apply -- --role app worker\n  npm run apply -- --batch 1     # host after host, until one fails\n  npm run apply -- plan.json     # what was reviewed, and nothing else\n  npm run apply -- --attach      # after a lost connection\n  npm run apply -- --json        # progress as JSON lines (docs/events.md)',
    exits:
      '0 converged, 1 failed with nothing changed, 3 rolled back, 4 partial or incomplete, 5 locked,\n  6 stale plan, 7 refused (conflict, too much to remove, token), 8 unreachable or wrong host key; of several hosts, that of the gravest;\n  130 interrupted (SIGINT; 129 SIGHUP, 141 nobody reads the output, 143 SIGTERM): what was begun goes on by itself on the hosts',
    load: async () => {
      const { apply } = await import('./commands/apply.ts');
      return (options, terminal, planFile) => apply(options, terminal, planFile);
    },
  },
  {
    name: 'deploy',
    summary: 'build the program, then plan and apply: the one command for a CI job',
    options: [
      ...common,
      role,
      strict,
      ...consent,
      { form: '--parallel <n>', text: 'how many hosts to work on at a time (default: 10)' },
      {
        form: '--batch <n>',
        text: 'how many hosts to begin before the next, which are begun only if all of these converge',
      },
      { form: '--pause <time>', text: 'how long to wait between batches, such as 30s or 10m' },
    ],
    examples:
      '  npm run deploy\n  npm run deploy -- --env staging\n  npm run --silent deploy -- --json > events.jsonl     # docs/events.md; the last line sums up',
    exits: 'those of apply; 1 the build failed, and no host was asked for anything',
    load: async () => (await import('./commands/apply.ts')).deploy,
  },
  {
    name: 'status',
    summary:
      'say how the hosts are: what serves, which units run, until when the certificate lasts, how data is backed up, and what is wrong',
    options: [...common, role],
    examples:
      '  npm run status\n  npm run status -- --host web-1\n  npm run --silent status -- --json | jq .hosts[].problems',
    exits: '0 all is well, 1 something is wrong, 8 a host is unreachable',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'backup',
    summary:
      'take a backup of the database now, prove the newest one by restoring it (drill), or list what can be restored',
    words: [
      {
        form: '[action]',
        text: 'take a backup (the default), run a drill, or list the backups',
        choices: ['take', 'drill', 'list'],
      },
    ],
    options: [
      ...common,
      role,
      { form: '--full', text: 'a whole backup, and not only what changed since the last one' },
    ],
    examples:
      '  npm run backup\n  npm run backup -- --full\n  npm run backup -- drill\n  npm run backup -- list --json',
    exits: '0 done, 1 the backup or the drill failed, 8 a host is unreachable',
    load: async () => {
      const { backup } = await import('./commands/backup.ts');
      return (options, terminal, action = 'take') => backup(options, terminal, action as BackupAction);
    },
  },
  {
    name: 'restore',
    summary: 'bring the data of a database server back as they were at a moment, in their place or beside it',
    options: [
      ...common,
      role,
      { form: '--to <moment>', text: 'such as "2026-11-22 10:00", in UTC; without it, the end of what was archived' },
      { form: '--replace <token>', text: 'replace the data; without it, what that would do is shown with its token' },
      { form: '--beside', text: 'make a second server of them on the host, to look at' },
      { form: '--end', text: 'end and remove what was restored beside' },
    ],
    examples:
      '  npm run restore -- --to "2026-11-22 10:00"                        # only says what that would do\n  npm run restore -- --to "2026-11-22 10:00" --replace 4f2a9c1b\n  npm run restore -- --to "2026-11-22 10:00" --beside\n  npm run restore -- --end',
    exits:
      '0 done, 1 it failed and the data of before are back, 2 what it would do was shown, 7 refused, 8 the host is unreachable',
    load: async () => (await import('./commands/restore.ts')).restore,
  },
  {
    name: 'audit',
    summary: 'show who applied what to the hosts, and whether their logs of that hold together',
    words: [
      {
        form: '[action]',
        text: 'list every apply (the default), or only verify the chain',
        choices: ['list', 'verify'],
      },
    ],
    options: common,
    examples: '  npm run audit\n  npm run audit -- verify\n  npm run audit -- --host web-1 --json > audit.json',
    exits: '0 the logs hold together, 1 one does not, 8 a host is unreachable',
    load: async () => {
      const { audit } = await import('./commands/audit.ts');
      return (options, terminal, action) => audit(options, terminal, (action ?? 'list') as AuditAction);
    },
  },
  {
    name: 'rollback',
    summary:
      'bring back the release that was live before, with its runtime, environment, units and site; all of it is on the hosts',
    options: [
      ...common,
      role,
      {
        form: '--to <release>',
        text: 'this release: the beginning of its name, or of the commit that it was made from',
      },
      {
        form: '--past-migrations',
        text: 'although migrations ran since that took something away: you know that the release can live without',
      },
      { form: '--parallel <n>', text: 'how many hosts to work on at a time (default: 10)' },
      {
        form: '--batch <n>',
        text: 'how many hosts to begin before the next, which are begun only if all of these converge',
      },
      { form: '--pause <time>', text: 'how long to wait between batches, such as 30s or 10m' },
    ],
    examples:
      '  npm run rollback\n  npm run releases; npm run rollback -- --to 3f9c2a\n  npm run rollback -- --env production --json',
    exits: 'those of apply; 7 there is no such release to go back to, or the database has moved past it',
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'releases',
    summary: 'list the releases that the hosts keep: which one serves, who brought it, when and from which commit',
    options: [...common, role],
    examples: '  npm run releases\n  npm run releases -- --host web-1\n  npm run releases -- --env production --json',
    exits: '0 listed, 8 a host is unreachable',
    load: async () => (await import('./commands/releases.ts')).releases,
  },
  {
    name: 'explain',
    summary: 'say which line of deploy.yaml caused a compiled line, or what a key causes',
    words: [{ form: '<what>', text: 'a compiled file with or without :line, or a key' }],
    options: common,
    examples:
      '  npm run explain -- hosts/production/web-1/rootfs/etc/nginx/sites-available/notes.conf:26\n  npm run explain -- /etc/fairlead/notes/app.env --env production\n  npm run explain -- .github/workflows/pull-request.yml:48\n  npm run explain -- proxy.timeouts',
    exits: '0 explained, 1 there is no such file, line or key',
    load: async () => {
      const { explain } = await import('./commands/explain.ts');
      return (options, terminal, what = '') => explain(options, terminal, what);
    },
  },
  {
    name: 'docs',
    summary: 'describe a key of deploy.yaml, or of host.yaml as host.yaml.<key>',
    words: [{ form: '[key]', text: 'such as proxy.timeouts; without one, the sections' }],
    options: [json, file],
    examples: '  npm run docs\n  npm run docs -- proxy.bodyLimit\n  npm run docs -- host.yaml.hostKeys',
    exits: '0 described, 1 there is no such key',
    load: async () => (await import('./commands/docs.ts')).docs,
  },
  {
    name: 'secrets',
    summary: 'keep the encrypted file of secrets: set or edit values, encrypt for other people, list names, make a key',
    words: [
      { form: '<action>', text: 'what to do', choices: ['set', 'edit', 'rekey', 'list', 'keygen'] },
      { form: '[name]', text: 'the secret, for set; its value is read from standard input or asked for' },
    ],
    options: [env, file, json],
    examples:
      '  npm run secrets -- keygen\n  npm run secrets -- set SMTP_PASSWORD\n  npm run secrets -- edit\n  npm run secrets -- rekey           # after secretsFile.recipients changed\n  npm run secrets -- list',
    exits: '0 done, 1 there is no such secret, or the file cannot be read with your key',
    load: async () => {
      const { secrets } = await import('./commands/secrets.ts');
      return (options, terminal, action, name) => secrets(options, terminal, action as SecretsAction, name);
    },
  },
  {
    name: 'completion',
    summary: 'print a script that completes verbs and options in your shell',
    words: [{ form: '<shell>', text: 'your shell', choices: ['bash', 'zsh', 'fish'] }],
    options: [],
    examples:
      '  eval "$(npx fairlead completion bash)"          # in ~/.bashrc\n  eval "$(npx fairlead completion zsh)"           # in ~/.zshrc\n  npx fairlead completion fish | source           # in ~/.config/fish/config.fish',
    exits: '0 printed, 1 there is no script for this shell',
    load: async () => {
      const { completion } = await import('./commands/completion.ts');
      return (_options, terminal, shell) => completion(terminal, shell as Shell, verbs);
    },
  },
];
