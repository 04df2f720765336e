import { type CompletedFlag, completedCommands, globalFlags, type Values } from './words.ts';

/** For `eval "$(godwit completion bash)"`. */
export function bashScript(): string {
  const commands = completedCommands();
  const names = commands.flatMap((command) => command.names).join(' ');
  const cases = commands.map(({ names: alternatives, flags, values }) => {
    const words = flags.flatMap((flag) => flag.names).join(' ');
    return `    ${alternatives.join('|')})\n      flags="$flags ${words}"\n      ${argument(values)} ;;`;
  });
  const flags = [...globalFlags(), ...commands.flatMap((command) => command.flags)];
  return `# bash completion for godwit: eval "$(godwit completion bash)"
_godwit() {
  local cur prev word command="" flags values=""
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  case "$prev" in
${uniqueCases(flags).join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${names} " in *" $word "*) command="$word"; break ;; esac
  done
  flags="${globalFlags()
    .flatMap((flag) => flag.names)
    .join(' ')}"
  case "$command" in
    "") values="${names} help" ;;
${cases.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then values="$flags"; fi
  COMPREPLY=($(compgen -W "$values" -- "$cur"))
}
complete -o default -F _godwit godwit
`;
}

function argument({ words, kind }: Values): string {
  if (words.length > 0) return `values="${words.join(' ')}"`;
  return kind === 'migration' ? 'values="$(godwit list --quiet 2>/dev/null)"' : 'values=""';
}

/** One case per flag that takes a value: the first command that has it decides. */
function uniqueCases(flags: readonly CompletedFlag[]): string[] {
  const seen = new Set<string>();
  return flags.flatMap(({ names, values }) => {
    const fresh = names.filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    if (values === undefined || fresh.length === 0) return [];
    return [`    ${fresh.join('|')}) ${reply(values)} return ;;`];
  });
}

function reply({ words, kind }: Values): string {
  if (words.length > 0) return `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur"));`;
  if (kind === 'folder') return 'COMPREPLY=($(compgen -d -- "$cur"));';
  if (kind === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"));';
  if (kind === 'migration')
    return 'COMPREPLY=($(compgen -W "$(godwit list --quiet 2>/dev/null)" -- "$cur"));';
  return '';
}
