/**
 * Whether two fingerprints are of the same content. A kind may stand before one, `x4:`; of
 * different kinds, such as one that an older version made, nothing can be said.
 *
 * @returns undefined when they cannot be compared
 */
export function sameContent(
  one: string | undefined,
  other: string | undefined,
): boolean | undefined {
  if (one === undefined || other === undefined || kindOf(one) !== kindOf(other)) return undefined;
  return one === other;
}

function kindOf(fingerprint: string): string {
  const end = fingerprint.indexOf(':');
  return end < 0 ? '' : fingerprint.slice(0, end);
}
