import { type CompletedFlag, completedCommands, globalFlags, type Values } from './words.ts';

/** For `source <(godwit completion zsh)`, or a file `_godwit` in a folder of `fpath`. */
export function zshScript(): string {
  const commands = completedCommands();
  const described = commands.flatMap(({ names, summary }) =>
    names.map((name) => `    '${name}:${quote(summary)}'`),
  );
  const cases = commands.map(
    ({ names, flags, values }) =>
      `    ${names.join('|')})\n      _arguments -s $globals ${flags.map(flagSpec).join(' ')} ${argumentSpec(values)} ;;`,
  );
  return `#compdef godwit
# zsh completion for godwit: source <(godwit completion zsh)
_godwit_migrations() {
  local -a ids
  ids=(\${(f)"$(godwit list --quiet 2>/dev/null)"})
  compadd -a ids
}
_godwit() {
  local context state line
  local -a commands globals
  commands=(
${described.join('\n')}
  )
  globals=(${globalFlags().map(flagSpec).join(' ')})
  _arguments -C -s $globals '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
${cases.map((text) => text.replace(/^/gm, '    ')).join('\n')}
      esac ;;
  esac
}
compdef _godwit godwit
`;
}

function flagSpec({ names, description, values }: CompletedFlag): string {
  const value = values === undefined ? '' : `:value:${action(values)}`;
  return names.map((name) => `'*${name}[${quote(description)}]${value}'`).join(' ');
}

function argumentSpec(values: Values): string {
  return `'*:argument:${action(values)}'`;
}

function action({ words, kind }: Values): string {
  if (words.length > 0) return `(${words.join(' ')})`;
  if (kind === 'folder') return '_directories';
  if (kind === 'file') return '_files';
  return kind === 'migration' ? '_godwit_migrations' : ' ';
}

/** Inside single quotes, where a colon and brackets separate. */
function quote(text: string): string {
  return text.replace(/'/g, "'\\''").replace(/([:[\]])/g, '\\$1');
}
