import { outlineScript } from './outline-script.ts';

/** What the outline leaves of a value that stands for "no down". */
const NOTHING = String.raw`\s*(?:null|false|undefined)\s*(?:[,;}\n]|$)`;

/** Where an object of exports begins, in source and in compiled code. */
const EXPORTED_OBJECT =
  /(?:\bmodule \. exports\s=|\bexports \. default\s=|\bexport\s+default|\bexport\s=|\bdefineMigration\s*\)?\s*(?:<[^()]*>)?\s*\()\s*\{/g;

const NAMED_DOWN = new RegExp(
  String.raw`\bexport\s+(?:const|let|var)\s+down\b(?![^=;\n]*=${NOTHING})|` +
    String.raw`\bexport\s+(?:async\s+)?function\s*\*?\s*down\b|` +
    String.raw`\bexports \. down\s=(?!${NOTHING}|\s*void\b)|` +
    String.raw`\bexport\s*\{(?:[^}]*[\s,])?(?:[\w$]+\s+as\s+)?down\s*[,}]`,
);

const NAMED_NOTHING = new RegExp(
  String.raw`\bexport\s+(?:const|let|var)\s+down\b[^=;\n]*=${NOTHING}|\bexports \. down\s=${NOTHING}`,
);

const PROPERTY_DOWN = new RegExp(
  String.raw`(?:^|,)\s*(?:async\s+)?down\s*(?:[(<,]|$|:(?!${NOTHING}))`,
);

const PROPERTY_NOTHING = new RegExp(String.raw`(?:^|,)\s*down\s*:${NOTHING}`);

/** Exports that are assigned whole, spread or inherited are not in this text. */
const FROM_ELSEWHERE =
  /[{,]\s*\.\.\.|\bexport\s*\*|\bmodule \. exports\s=\s(?!\{|[\w$., ]*\bdefineMigration\b)|\bexports \. default\s=\s(?!\{|\(?[\w$., ]*defineMigration\b)|\bexport\s+default\s(?!\{|defineMigration\b)|\bextends\b|\bObject \. assign\b|\b__exportStar\b|\bexports\s\[/;

/**
 * Whether source code has a `down`, without running it. True and false are said where the
 * text leaves no doubt; undefined means that only importing it would tell.
 */
export function hasDown(source: string): boolean | undefined {
  const outline = outlineScript(source);
  if (NAMED_DOWN.test(outline)) return true;
  const objects = exportedObjects(outline);
  if (objects.some((object) => PROPERTY_DOWN.test(object))) return true;
  if (FROM_ELSEWHERE.test(outline)) return undefined;
  const isNothing =
    NAMED_NOTHING.test(outline) || objects.some((one) => PROPERTY_NOTHING.test(one));
  return isNothing || !/\bdown\b/.test(outline) ? false : undefined;
}

/** The text between the braces of each exported object, nested braces emptied. */
function exportedObjects(outline: string): string[] {
  const objects: string[] = [];
  for (const match of outline.matchAll(EXPORTED_OBJECT)) {
    const start = match.index + match[0].length;
    let depth = 1;
    let end = start;
    while (end < outline.length && depth > 0) {
      const char = outline[end++];
      if (char === '{') depth++;
      else if (char === '}') depth--;
    }
    objects.push(outline.slice(start, end - 1));
  }
  return objects;
}
