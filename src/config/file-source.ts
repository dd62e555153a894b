import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { settings } from './settings.ts';
import type { Source } from './sources.ts';
import { isTree, type Tree } from './tree.ts';

type Position = (offset: number) => string;

const explain = (code: string, message: string): string =>
  code === 'MULTIPLE_DOCS' ? 'must be one document, without a second `---`' : message;

/** Aliases could contain themselves, and there is nothing in a taskgate.yaml to repeat. */
const findAliases = (document: Document, position: Position): readonly string[] => {
  const problems: string[] = [];
  visit(document, {
    Alias: (_, { source, range }) => {
      problems.push(`${position(range?.[0] ?? 0)}: write the value out instead of the alias '*${source}'`);
    },
  });
  return problems;
};

/** Where a key stands for the first time that is set again at this offset. */
const findFirst = (document: Document, offset: number): { readonly key: string; readonly at: number } | undefined => {
  let found: { readonly key: string; readonly at: number } | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const keys = items.flatMap(({ key }) => (isScalar(key) ? [key] : []));
      const again = keys.find(({ range }) => range?.[0] === offset);
      const first = again && keys.find(({ value }) => value === again.value);
      if (first) found = { key: String(first.value), at: first.range?.[0] ?? 0 };
    },
  });
  return found;
};

const explainSyntax = (document: Document, position: Position): readonly string[] =>
  document.errors.map(({ pos, code, message }) => {
    const first = code === 'DUPLICATE_KEY' ? findFirst(document, pos[0]) : undefined;
    const text = first ? `'${first.key}' is set twice, first at ${position(first.at)}` : explain(code, message);
    return `${position(pos[0])}: ${text}`;
  });

const isSection = (path: string): boolean => settings.some((setting) => setting.path.startsWith(`${path}.`));
const isEmpty = (value: unknown): boolean => value === null || (isTree(value) && Object.keys(value).length === 0);

/** `gateway:` with nothing below it says nothing, as when all of its lines are commented out. */
const withoutEmptySections = (tree: Tree, prefix = ''): Tree =>
  Object.fromEntries(
    Object.entries(tree)
      .map(([key, value]) => [key, isTree(value) ? withoutEmptySections(value, `${prefix}${key}.`) : value] as const)
      .filter(([key, value]) => !(isEmpty(value) && isSection(`${prefix}${key}`))),
  );

const findKeyOffset = (document: Document, path: readonly string[]): number | undefined => {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1));
  return (pair?.key as Node | undefined)?.range?.[0];
};

/** A taskgate.yaml. `file` is its name as the user gave it. Tested in test/config/load.test.ts. */
export const fileSource = (text: string, file: string): Source => {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const position: Position = (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const syntax = explainSyntax(document, position);
  const problems = syntax.length > 0 ? syntax : findAliases(document, position);
  const value: unknown = problems.length > 0 ? {} : (document.toJS() ?? {});
  return {
    tree: isTree(value) ? withoutEmptySections(value) : {},
    problems: isTree(value) ? problems : [`${file}:1:1: must hold settings, such as 'name: dev'`],
    locate: (path) => {
      for (let length = path.length; length > 0; length--) {
        const offset = findKeyOffset(document, path.slice(0, length));
        if (offset !== undefined) return position(offset);
      }
      return file;
    },
  };
};
