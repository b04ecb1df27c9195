import type { Command } from 'commander';
import { PHASES } from '../model/phase.js';
import { HEALTHS } from '../model/status.js';
import { CliError, EXIT } from './exit.js';
import { SHELLS } from './shells.js';

interface CommandSummary {
  name: string;
  description: string;
  flags: {
    long: string;
    short: string | undefined;
    description: string;
    takesFile: boolean;
    values: readonly string[];
  }[];
  takesName: boolean;
}

/** Words that may follow a flag. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--phase': PHASES,
  '--health': HEALTHS,
  '--output': ['json', 'yaml', 'wide', 'name'],
};

/** Returns a completion script for a shell, made from the present commands. Names of clusters come from `keelson list`. */
export function completionScript(program: Command, shell: string): string {
  // `create` only names other commands.
  const commands = program.commands.filter((one) => one.name() !== 'create').map(summaryOf);
  switch (shell) {
    case 'bash':
      return bash(program.name(), commands);
    case 'zsh':
      // zsh runs bash's kind of completion on request. [docs: zshcompsys, bashcompinit]
      return `#compdef ${program.name()}\nautoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(program.name(), commands)}`;
    case 'fish':
      return fish(program.name(), commands);
    default:
      throw new CliError(EXIT.invalid, `no completion for ${shell}`, `one of ${SHELLS.join(', ')}`);
  }
}

function summaryOf(command: Command): CommandSummary {
  return {
    name: command.name(),
    description: command.description(),
    takesName: command.registeredArguments.some((argument) => argument.name() === 'name'),
    flags: command.options
      .filter((option) => !option.hidden)
      .map((option) => ({
        long: option.long ?? '',
        short: option.short,
        description: option.description,
        takesFile: option.flags.includes('<file'),
        values: VALUES[option.long ?? ''] ?? [],
      })),
  };
}

const clusterNames = (program: string): string => `${program} list -o name 2>/dev/null`;

function bash(program: string, commands: CommandSummary[]): string {
  const cases = commands.map(({ name, flags, takesName }) => {
    const words = flags.map((flag) => flag.long).join(' ');
    const names = takesName
      ? `\n      [[ $current == -* || $COMP_CWORD -gt 2 ]] || words="$(${clusterNames(program)})"`
      : '';
    return `    ${name})\n      words="${words}"${names}\n      ;;`;
  });
  return `_${program}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "$previous" in
    -f|--file|--merge|--prices) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
    -o|--output) COMPREPLY=($(compgen -W "json yaml wide name" -- "$current")); return ;;
    --phase) COMPREPLY=($(compgen -W "${PHASES.join(' ')}" -- "$current")); return ;;
    --health) COMPREPLY=($(compgen -W "${HEALTHS.join(' ')}" -- "$current")); return ;;
    completion) COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$current")); return ;;
  esac
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${program} ${program}
`;
}

function fish(program: string, commands: CommandSummary[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;
  const lines = [`complete -c ${program} -f`];
  for (const { name, description, flags, takesName } of commands) {
    lines.push(`complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quote(description)}`);
    const within = `complete -c ${program} -n '__fish_seen_subcommand_from ${name}'`;
    if (takesName)
      lines.push(`${within} -a "(${clusterNames(program).replaceAll('"', '\\"').replaceAll('$/', '\\$/')})"`);
    for (const flag of flags) {
      const short = flag.short === undefined ? '' : ` -s ${flag.short.slice(1)}`;
      lines.push(
        `${within} -l ${flag.long.slice(2)}${short}${flag.takesFile ? ' -r -F' : ''}${flag.values.length > 0 ? ` -x -a ${quote(flag.values.join(' '))}` : ''} -d ${quote(flag.description)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
