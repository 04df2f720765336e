/** One document, indented, ending with a newline. Large integers become texts. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, plain, 2)}\n`;
}

/** One line of JSON. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, plain)}\n`;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
