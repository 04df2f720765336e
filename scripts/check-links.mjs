// Relative links and anchors in the pages for people.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * @param root folder with README.md and docs/
 * @returns what is wrong, as `file:line: what`
 */
export function checkLinks(root) {
  const anchors = new Map();
  return pages(root).flatMap((page) => {
    const lines = withoutCode(readFileSync(page, 'utf8')).split('\n');
    return lines.flatMap((line, index) =>
      targets(line)
        .map((target) => fault(page, target, anchors))
        .filter(Boolean)
        .map((what) => `${relative(root, page)}:${index + 1}: ${what}`),
    );
  });
}

function pages(root) {
  const top = readdirSync(root).map((name) => join(root, name));
  const docs = join(root, 'docs');
  const below = existsSync(docs)
    ? readdirSync(docs, { recursive: true }).map((name) => join(docs, name))
    : [];
  return [...top, ...below].filter(
    (path) => path.endsWith('.md') && !path.includes('node_modules'),
  );
}

/** Code keeps its lines, so that the numbers stay right. */
function withoutCode(text) {
  return text
    .replace(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ''))
    .replace(/`[^`\n]*`/g, '');
}

function targets(line) {
  const inline = [...line.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const named = [...line.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g)];
  const tags = [...line.matchAll(/\b(?:href|src)="([^"]+)"/g)];
  return [...inline, ...named, ...tags].map(([, target]) => target);
}

function fault(page, target, anchors) {
  if (/^[a-z][a-z\d+.-]*:/i.test(target) || target.startsWith('//')) return undefined;
  const [path, anchor] = decodeURI(target).split('#');
  const file = path === '' ? page : resolve(dirname(page), path);
  if (!existsSync(file)) return `${target} does not exist`;
  if (!anchor || !statSync(file).isFile() || !file.endsWith('.md')) return undefined;
  if (!anchors.has(file)) anchors.set(file, anchorsOf(readFileSync(file, 'utf8')));
  return anchors.get(file).has(anchor.toLowerCase()) ? undefined : `${target} has no such heading`;
}

/** As forges make them of headings: lower case, words joined by `-`, repeats numbered. */
function anchorsOf(text) {
  const found = new Set();
  const body = text.replace(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1/gm, '');
  for (const [, heading] of body.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let unique = slug;
    for (let n = 1; found.has(unique); n++) unique = `${slug}-${n}`;
    found.add(unique);
  }
  for (const [, id] of text.matchAll(/\b(?:id|name)="([^"]+)"/g)) found.add(id.toLowerCase());
  return found;
}
