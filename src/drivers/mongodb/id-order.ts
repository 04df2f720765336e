type Fields = Readonly<Record<string, unknown>>;

/**
 * The order in which a server sorts ids of one kind: ObjectIds by their time, dates, numbers
 * of all types and texts as such, objects of several fields field by field.
 */
export function compareIds(a: unknown, b: unknown): number {
  if (isPlain(a) && isPlain(b)) return compareFields(a, b);
  const [one, other] = [numberOf(a), numberOf(b)];
  const known = one !== undefined && other !== undefined;
  const [left, right] = known ? [one, other] : [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A text that two ids have in common only where they are the same id. */
export function idText(id: unknown): string {
  if (Array.isArray(id)) return `[${id.map(idText).join(',')}]`;
  if (isPlain(id)) {
    const fields = Object.entries(id).map(
      ([name, value]) => `${JSON.stringify(name)}:${idText(value)}`,
    );
    return `{${fields.join(',')}}`;
  }
  const number = numberOf(id);
  if (number !== undefined) return `${id instanceof Date ? 'date ' : ''}${number}`;
  return typeof id === 'string' ? JSON.stringify(id) : `${kindOf(id)} ${String(id)}`;
}

function compareFields(a: Fields, b: Fields): number {
  const [ours, others] = [Object.entries(a), Object.entries(b)];
  for (const [at, [name, value]] of ours.entries()) {
    const other = others[at];
    if (other === undefined) return 1;
    if (name !== other[0]) return name < other[0] ? -1 : 1;
    const order = compareIds(value, other[1]);
    if (order !== 0) return order;
  }
  return ours.length - others.length;
}

function isPlain(id: unknown): id is Fields {
  return typeof id === 'object' && id !== null && !(id instanceof Date) && kindOf(id) === 'object';
}

function kindOf(id: unknown): string {
  if (ArrayBuffer.isView(id)) return 'bytes';
  const { _bsontype: type } = (id ?? {}) as { readonly _bsontype?: unknown };
  return typeof type === 'string' ? type : typeof id;
}

function numberOf(id: unknown): number | bigint | undefined {
  if (typeof id === 'number' || typeof id === 'bigint') return id;
  if (id instanceof Date) return id.getTime();
  const kind = kindOf(id);
  if (kind === 'Long') return BigInt(String(id));
  return /^(Decimal128|Int32|Double)$/.test(kind) ? Number(String(id)) : undefined;
}
