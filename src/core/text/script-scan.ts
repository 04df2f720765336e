/**
 * Where one lexical unit of JavaScript or TypeScript ends. As in sql-scan: the offset of
 * the first character goes in, the offset behind the last comes out.
 */

export const OTHER = 0;
export const SPACE = 1;
export const WORD = 2;
export const DIGIT = 3;
export const LINE_BREAK = 4;

const CLASSES = new Uint8Array(128);
for (const c of ' \t\v\f') CLASSES[c.charCodeAt(0)] = SPACE;
for (const c of '\n\r') CLASSES[c.charCodeAt(0)] = LINE_BREAK;
for (let c = 0; c < 26; c++) CLASSES[65 + c] = CLASSES[97 + c] = WORD;
for (const c of '$_#\\') CLASSES[c.charCodeAt(0)] = WORD;
for (let c = 48; c < 58; c++) CLASSES[c] = DIGIT;

export function classOf(code: number): number {
  if (code < 128) return CLASSES[code] ?? OTHER;
  if (code === 0x2028 || code === 0x2029) return LINE_BREAK;
  return code === 0xa0 || code === 0xfeff || /\p{Zs}/u.test(String.fromCharCode(code))
    ? SPACE
    : WORD;
}

/** Identifiers, keywords, `#private`; `\u0061` and `\u{61}` are letters too. */
export function scanWord(text: string, at: number): number {
  let i = at;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = classOf(code);
    if ((kind !== WORD && kind !== DIGIT) || (code === 35 && i > at)) break;
    if (code === 92 && text.startsWith('u{', i + 1)) {
      const close = text.indexOf('}', i);
      if (close > 0 && close - i < 12) i = close;
    }
  }
  return i;
}

const NUMBER = /0[xXbBoO][\da-fA-F_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?n?/y;

export function scanNumber(text: string, at: number): number {
  NUMBER.lastIndex = at;
  return NUMBER.test(text) ? NUMBER.lastIndex : at + 1;
}

/** `'…'` or `"…"`; one that is not closed ends with its line. */
export function scanString(text: string, at: number): number {
  const quote = text.charCodeAt(at);
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) return i + 1;
    if (code === 92) {
      i++;
      if (text.charCodeAt(i) === 13 && text.charCodeAt(i + 1) === 10) i++;
    } else if (code === 10 || code === 13) return i;
  }
  return text.length;
}

/** From a backquote, or from the `}` of a substitution, to the next `${` or the end. */
export function scanTemplate(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 96) return i + 1;
    if (code === 92) i++;
    else if (code === 36 && text.charCodeAt(i + 1) === 123) return i + 2;
  }
  return text.length;
}

/** A regular expression with its flags, or `at` when its line does not close it. */
export function scanRegex(text: string, at: number): number {
  let inClass = false;
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (classOf(code) === LINE_BREAK) return at;
    if (code === 92) i++;
    else if (code === 91) inClass = true;
    else if (code === 93) inClass = false;
    else if (code === 47 && !inClass) return scanWord(text, i + 1);
  }
  return at;
}

export function scanLineComment(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    if (classOf(text.charCodeAt(i)) === LINE_BREAK) return i;
  }
  return text.length;
}

export function scanBlockComment(text: string, at: number): number {
  const close = text.indexOf('*/', at + 2);
  return close < 0 ? text.length : close + 2;
}

const PUNCTUATOR =
  /\.{3}|=>|\+\+|--|\?\.(?!\d)|(?:\*\*|&&|\|\||\?\?|>>>|>>|<<)=?|[=!]==?|[+\-*/%&|^<>]=/y;

/** The longest punctuator, a single character if nothing longer. */
export function scanPunctuator(text: string, at: number): number {
  PUNCTUATOR.lastIndex = at;
  return PUNCTUATOR.test(text) ? PUNCTUATOR.lastIndex : at + 1;
}
