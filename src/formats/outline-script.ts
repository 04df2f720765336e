import { ScriptLexer } from '../core/text/script-lexer.ts';

/** Levels of braces that are kept: a module's own, and that of an exported object. */
const LEVELS = 1;

/**
 * JavaScript or TypeScript without comments, with empty literals, and without what stands
 * in deeper braces: what a module declares and exports, not what its functions do.
 */
export function outlineScript(source: string): string {
  const lexer = new ScriptLexer(source);
  let outline = '';
  let depth = 0;
  while (lexer.next()) {
    if (lexer.kind === 'comment') continue;
    const token = source.slice(lexer.start, lexer.end);
    const isTemplate = lexer.kind === 'template';
    if (token === '}' || (isTemplate && token.startsWith('}'))) depth--;
    if (depth <= LEVELS) outline += (lexer.lineBreakBefore ? '\n' : ' ') + shown(lexer, token);
    if (token === '{' || (isTemplate && token.endsWith('${'))) depth++;
  }
  return outline;
}

function shown({ kind }: ScriptLexer, token: string): string {
  if (kind === 'string' || kind === 'regex') return "''";
  return kind === 'template' ? (token.startsWith('}') ? '' : "''") : token;
}
