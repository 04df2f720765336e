/**
 * Where one lexical unit of SQL ends. Each function is given the text and the offset of
 * the unit's first character, and returns the offset behind its last. What is never
 * closed reaches to the end of the text: the server says what is wrong with it.
 */

export const OTHER = 0;
export const SPACE = 1;
export const WORD = 2;
export const DIGIT = 3;
export const OPERATOR = 4;

const CLASSES = new Uint8Array(128);
for (const c of ' \t\n\r\f\v') CLASSES[c.charCodeAt(0)] = SPACE;
for (let c = 0; c < 26; c++) CLASSES[65 + c] = CLASSES[97 + c] = WORD;
CLASSES[95] = WORD;
for (let c = 48; c < 58; c++) CLASSES[c] = DIGIT;
for (const c of '~!@#^&|`?+-*/%<>=') CLASSES[c.charCodeAt(0)] = OPERATOR;

/** PostgreSQL takes everything beyond ASCII, even a no-break space, as a letter. */
export function classOf(code: number): number {
  return code < 128 ? (CLASSES[code] ?? OTHER) : WORD;
}

export function scanSpace(text: string, at: number): number {
  let i = at + 1;
  while (i < text.length && classOf(text.charCodeAt(i)) === SPACE) i++;
  return i;
}

/** Letters, digits and, behind the first, `$`. */
export function scanWord(text: string, at: number): number {
  let i = at + 1;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = classOf(code);
    if (kind !== WORD && kind !== DIGIT && code !== 36) break;
  }
  return i;
}

/** `'…'` or `"…"` with its quote doubled inside. */
export function scanQuoted(text: string, at: number): number {
  const quote = text[at] as string;
  let i = at;
  for (;;) {
    i = text.indexOf(quote, i + 1);
    if (i < 0) return text.length;
    if (text[i + 1] !== quote) return i + 1;
    i++;
  }
}

/** `'…'` in which a backslash escapes. */
export function scanEscaped(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 92) i++;
    else if (code === 39) {
      if (text.charCodeAt(i + 1) !== 39) return i + 1;
      i++;
    }
  }
  return text.length;
}

/** The offset behind an opening `$tag$`, or `at` when there is none. */
export function scanDollarTag(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 36) return i + 1;
    const kind = classOf(code);
    if (kind !== WORD && (kind !== DIGIT || i === at + 1)) return at;
  }
  return at;
}

/** Up to the line's end, which is not part of it. */
export function scanLine(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || code === 13) return i;
  }
  return text.length;
}

/** Block comments nest. */
export function scanBlockComment(text: string, at: number): number {
  let depth = 1;
  for (let i = at + 2; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 42 && text.charCodeAt(i + 1) === 47) {
      i++;
      if (--depth === 0) return i + 1;
    } else if (code === 47 && text.charCodeAt(i + 1) === 42) {
      depth++;
      i++;
    }
  }
  return text.length;
}

/** `1`, `1.5e-3`, `0xFF`, `1_000`, `.5`. What follows at once (`1abc`) is taken along. */
export function scanNumber(text: string, at: number): number {
  let i = at;
  let dot = false;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = classOf(code);
    if (kind === DIGIT || kind === WORD) continue;
    if (code === 46 && !dot && text.charCodeAt(i + 1) !== 46) {
      dot = true;
      continue;
    }
    const before = text.charCodeAt(i - 1);
    const exponent = (before === 69 || before === 101) && isDecimal(text, at, i - 1);
    if (!((code === 43 || code === 45) && exponent && classOf(text.charCodeAt(i + 1)) === DIGIT))
      break;
  }
  return i;
}

function isDecimal(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (classOf(code) !== DIGIT && code !== 46 && code !== 95) return false;
  }
  return true;
}

/**
 * The longest operator, by PostgreSQL's rules: it ends before a comment, and a longer
 * one ends in `+` or `-` only if it has a character that no SQL operator has (`*-` is
 * two operators, `@-` is one).
 */
export function scanOperator(text: string, at: number): number {
  let i = at + 1;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (classOf(code) !== OPERATOR) break;
    const next = text.charCodeAt(i + 1);
    if ((code === 45 && next === 45) || (code === 47 && next === 42)) break;
  }
  while (i > at + 1 && (text[i - 1] === '+' || text[i - 1] === '-')) {
    if (/[~!@#^&|`?%]/.test(text.slice(at, i))) break;
    i--;
  }
  return i;
}
