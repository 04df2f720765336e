import { type CompletedFlag, completedCommands, globalFlags, type Values } from './words.ts';

/** For `godwit completion fish | source`. */
export function fishScript(): string {
  const commands = completedCommands();
  const lines = commands.flatMap(({ names, summary, flags, values }) => {
    const seen = `-n '__fish_seen_subcommand_from ${names.join(' ')}'`;
    const offers = names.map(
      (name) => `complete -c godwit -n __fish_use_subcommand -a ${name} -d '${quote(summary)}'`,
    );
    const words = argument(values);
    const first = words === '' ? [] : [`complete -c godwit ${seen} ${words}`];
    return [
      ...offers,
      ...first,
      ...flags.map((flag) => `complete -c godwit ${seen} ${flagWords(flag)}`),
    ];
  });
  return `# fish completion for godwit: godwit completion fish | source
complete -c godwit -f
${globalFlags()
  .map((flag) => `complete -c godwit ${flagWords(flag)}`)
  .join('\n')}
${lines.join('\n')}
`;
}

function flagWords({ names, description, values }: CompletedFlag): string {
  const flags = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  // `-x` is `-r` without the files that fish offers otherwise.
  const needs = values?.kind === 'file' ? '-r' : '-x';
  const value =
    values === undefined ? '' : ` ${needs}${argument(values) && ` ${argument(values)}`}`;
  return `${flags.join(' ')}${value} -d '${quote(description)}'`;
}

function argument({ words, kind }: Values): string {
  if (words.length > 0) return `-a '${words.join(' ')}'`;
  if (kind === 'folder') return "-a '(__fish_complete_directories)'";
  if (kind === 'file') return '-F';
  return kind === 'migration' ? "-a '(godwit list --quiet 2>/dev/null)'" : '';
}

function quote(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/'/g, "\\'");
}
