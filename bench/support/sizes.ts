export type Size = 'small' | 'medium' | 'full';

/**
 * What a size stands for, unless an option says otherwise: `small` shows in a minute or two
 * that it runs, `medium` gives a table in ten minutes on two cores, `full` is what is published.
 *
 * @param flags options as they were given
 * @param sizes what each size stands for
 */
export function ofSize<Name extends string>(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  sizes: Readonly<Record<Size, Readonly<Record<Name, string>>>>,
): Record<Name, string> {
  const size = String(flags['size'] ?? 'full');
  if (!(size in sizes)) throw new Error(`--size is small, medium or full, not ${size}.`);
  const found: Record<Name, string> = { ...sizes[size as Size] };
  for (const name of Object.keys(found) as Name[]) {
    const given = flags[name];
    if (typeof given === 'string') found[name] = given;
  }
  return found;
}
