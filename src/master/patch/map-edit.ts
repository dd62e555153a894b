// Tested in test/master/patch/patch.test.ts
import { isAlias, isMap, isScalar, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { renderYaml } from '../../lib/template.ts';
import { rangeOf } from '../schema/document.ts';
import { resolvePlain } from '../schema/scalars.ts';

/** The values to write into a block of keys; its other keys stay. */
export type Wanted = { readonly [key: string]: string | number | Wanted };

/** One change of a text, by offsets. */
export type Edit = { readonly start: number; readonly end: number; readonly text: string };

/** Applies changes that do not overlap. */
export const applyEdits = (text: string, edits: readonly Edit[]): string =>
  edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((changed, edit) => changed.slice(0, edit.start) + edit.text + changed.slice(edit.end), text);

/** These words need no quotes, not even in flow mappings, unless YAML 1.1 reads them as another type. */
const writeScalar = (value: string | number): string =>
  typeof value === 'number' || /^[\w./~-]+$/.test(value) ? renderYaml(value).trimEnd() : JSON.stringify(value);

const writeFlow = (value: string | number | Wanted): string =>
  typeof value === 'object' ? `{${flowFields(value)}}` : writeScalar(value);

const flowFields = (fields: Wanted): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key}: ${writeFlow(value)}`)
    .join(', ');

const writeLines = (fields: Wanted, indent: string): readonly string[] =>
  Object.entries(fields).flatMap(([key, value]) =>
    typeof value === 'object'
      ? [`${indent}${key}:`, ...writeLines(value, `${indent}  `)]
      : [`${indent}${key}: ${writeScalar(value)}`],
  );

const needRange = (node: unknown): readonly [start: number, end: number] => {
  const range = rangeOf(node);
  if (!range) throw new Error('a node of a parsed file has no range');
  return range;
};

const meaningOf = (node: Scalar): unknown =>
  node.type === 'PLAIN' ? resolvePlain(String(node.value)).value : node.value;

/** Replaces a value unless it has the wanted meaning already. An empty value is right after the colon. */
const replaceValue = (text: string, { key, value }: Pair, wanted: string | number | Wanted): readonly Edit[] => {
  if (isScalar(value) && meaningOf(value) === wanted) return [];
  const [start, end] = rangeOf(value) ?? [needRange(key)[1] + 1, needRange(key)[1] + 1];
  const isEmpty = start === end;
  const before = isEmpty && text[start - 1] === ':' ? ' ' : '';
  const after = isEmpty && text[start] === '#' ? ' ' : text.slice(start, end).endsWith('\n') ? '\n' : '';
  return [{ start, end, text: before + writeFlow(wanted) + after }];
};

const lineEnd = (text: string, offset: number): number => {
  const found = text.indexOf('\n', offset);
  if (found === -1) return text.length;
  return text[found - 1] === '\r' ? found - 1 : found;
};

/** Spaces up to a node's column; anything before it in the line, such as `- `, counts as spaces. */
const indentAt = (text: string, offset: number): string =>
  text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).replaceAll(/[^ ]/g, ' ');

/** The last value on a single line: new keys can be inserted after that line. */
const findOneLiner = (text: string, map: YAMLMap): Pair | undefined =>
  map.items.findLast(({ value }) => {
    const range = isScalar(value) || isAlias(value) ? rangeOf(value) : undefined;
    return range && !text.slice(...range).includes('\n');
  });

const insertInBlock = (text: string, map: YAMLMap, missing: Wanted): Edit => {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const [first] = needRange(map.items[0]?.key);
  const indent = indentAt(text, first);
  const lines = writeLines(missing, indent);
  const last = findOneLiner(text, map);
  if (!last) return { start: first, end: first, text: [...lines, indent].join(newline).trimStart() };
  const end = lineEnd(text, needRange(last.value)[0]);
  return { start: end, end, text: newline + lines.join(newline) };
};

const insertInFlow = (map: YAMLMap, missing: Wanted): Edit => {
  const last = map.items.at(-1);
  const end = last ? (rangeOf(last.value) ?? needRange(last.key))[1] : needRange(map)[0] + 1;
  return { start: end, end, text: `${last ? ', ' : ''}${flowFields(missing)}` };
};

/** The pair of a key, ignoring case; not one merged by `<<`. */
export const findPair = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => isScalar(pair.key) && String(pair.key.value).toLowerCase() === key);

/** The changes that write the wanted values into a block of keys; everything else stays byte for byte. */
export const editMap = (text: string, map: YAMLMap, wanted: Wanted): readonly Edit[] => {
  const entries = Object.entries(wanted);
  const changes = entries.flatMap(([key, value]) => {
    const pair = findPair(map, key);
    if (!pair) return [];
    return isMap(pair.value) && typeof value === 'object'
      ? editMap(text, pair.value, value)
      : replaceValue(text, pair, value);
  });
  const missing = Object.fromEntries(entries.filter(([key]) => !findPair(map, key)));
  if (Object.keys(missing).length === 0) return changes;
  return [...changes, map.flow ? insertInFlow(map, missing) : insertInBlock(text, map, missing)];
};

/** The change that renames a key, if the block has it. */
export const renameKey = (map: YAMLMap, from: string, to: string): readonly Edit[] => {
  const pair = findPair(map, from);
  if (!pair || findPair(map, to)) return [];
  const [start, end] = needRange(pair.key);
  return [{ start, end, text: to }];
};
