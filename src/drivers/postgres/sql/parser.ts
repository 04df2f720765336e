import type { Tree } from './tree.ts';

/**
 * PostgreSQL's own parser. Loading it takes a third of a second, which is why it is
 * loaded on first use, and used only for statements that the lexer suspects.
 *
 * @returns the tree, or undefined for what the parser cannot read (a newer server's
 * syntax, an extension's, or a mistake that the server will report better)
 */
export async function parseStatement(text: string): Promise<Tree | undefined> {
  const { parse } = await import('libpg-query');
  try {
    const result = await parse(text);
    return result.stmts?.[0]?.stmt as Tree | undefined;
  } catch {
    return undefined;
  }
}
