import type { Verb } from '../verbs.ts';

/** `--env` of `--env <name>`. */
const optionOf = (form: string) => form.split(' ')[0] ?? '';

/** Everything that may follow a verb and is known beforehand. */
const wordsOf = ({ words = [], options }: Verb) => [
  ...words.flatMap(({ choices = [] }) => choices),
  ...options.map(({ form }) => optionOf(form)),
  '--help',
];

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map((verb) => `  ${verb.name}) words='${wordsOf(verb).join(' ')}' ;;`);
  return `# Completion of fairlead for bash.
_fairlead() {
  local reply words='' word=\${COMP_WORDS[COMP_CWORD]}
  case \${COMP_CWORD}:\${COMP_WORDS[1]} in
  1:*) words='${verbs.map(({ name }) => name).join(' ')}' ;;
${cases.map((one) => one.replace(/^ {2}/, '  *:')).join('\n')}
  esac
  COMPREPLY=()
  while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen -W "$words" -- "$word")
}
complete -o default -F _fairlead fairlead
`;
}

/** zsh reads completions of bash once it is told to. */
const zsh = (verbs: readonly Verb[]) =>
  `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(verbs)}`;

function fish(verbs: readonly Verb[]): string {
  const lines = verbs.flatMap((verb) => [
    `complete -c fairlead -n __fish_use_subcommand -a ${verb.name} -d ${quoted(verb.summary)}`,
    ...(verb.words ?? [])
      .flatMap(({ choices = [] }) => choices)
      .map((choice) => `complete -c fairlead -n '__fish_seen_subcommand_from ${verb.name}' -a ${choice}`),
    ...verb.options.map(
      ({ form, text }) =>
        `complete -c fairlead -n '__fish_seen_subcommand_from ${verb.name}' -l ${optionOf(form).slice(2)} -d ${quoted(text)}${form.includes(' ') ? ' -r' : ''}`,
    ),
  ]);
  return `# Completion of fairlead for fish.\n${lines.join('\n')}\n`;
}

/** A completion script for each shell. */
export const completionScripts = { bash, zsh, fish } as const;

export type Shell = keyof typeof completionScripts;
