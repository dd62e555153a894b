import { type CST, isMap, isNode, isScalar, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { renderYaml } from '../../template.ts';
import { type Entry, kubeconfigError } from './parse.ts';

/** Changes of a kubeconfig's text by offsets: all bytes outside of the changed entries stay. Tested in test/lib/kube/kubeconfig/merge.test.ts. */
type Edit = { readonly start: number; readonly end: number; readonly text: string };

type Opened = { readonly text: string; readonly root: YAMLMap };

/** The place of a list in a file: where it is no list, or a list that only an alias leads to, it cannot be edited. */
const cannotEdit = (what: string): Error =>
  kubeconfigError(
    `your kubeconfig has ${what}, which cannot be edited without changing the rest of it`,
    'write it in plain blocks, or do without --merge-kubeconfig: `taskgate env` needs none; nothing was changed',
  );

/** All scalars as they are written: nothing is read as a number, a boolean or a null. */
export const openWritten = (text: string) =>
  parseDocument(text, { version: '1.1', schema: 'failsafe', keepSourceTokens: true, logLevel: 'error' });

const openRoot = (text: string): Opened => {
  const { contents } = openWritten(text);
  if (!isMap(contents)) throw cannotEdit('a form of its own');
  return { text, root: contents };
};

const applyEdits = (text: string, edits: readonly Edit[]): string =>
  edits
    .toSorted((one, other) => other.start - one.start)
    .reduce((changed, { start, end, text: put }) => changed.slice(0, start) + put + changed.slice(end), text);

const eolOf = (text: string): string => (/\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n');

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** Behind the line's end; `offset` itself at the beginning of a line. */
const nextLine = (text: string, offset: number): number => {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end + 1;
};

const findPair = ({ root }: Opened, key: string): Pair | undefined =>
  root.items.find((pair) => isScalar(pair.key) && pair.key.value === key);

const rangeOf = (node: unknown, fallback: number): readonly [start: number, end: number] =>
  isNode(node) && node.range ? [node.range[0], node.range[1]] : [fallback, fallback];

const tokenAt = (tokens: readonly CST.SourceToken[] = [], type: CST.SourceToken['type']): number | undefined =>
  tokens.find((token) => token.type === type)?.offset;

/** Behind the colon of a pair. */
const behindColon = (pair: Pair): number => {
  const colon = tokenAt(pair.srcToken?.sep, 'map-value-ind');
  if (colon === undefined) throw cannotEdit('a key without a value');
  return colon + 1;
};

/** Behind the last character of a node, without the blank lines and comments that follow it. */
const contentEnd = (node: unknown, fallback: number): number => {
  if ((isMap(node) || isSeq(node)) && !node.flow) {
    const last: unknown = node.items.at(-1);
    if (last === undefined) return rangeOf(node, fallback)[1];
    if (isSeq(node)) return contentEnd(last, fallback);
    const { key, value, srcToken } = last as Pair;
    const colon = tokenAt(srcToken?.sep, 'map-value-ind');
    return Math.max(contentEnd(value, 0), rangeOf(key, fallback)[1], colon === undefined ? 0 : colon + 1);
  }
  return rangeOf(node, fallback)[1];
};

/** The dashes of a list in block style. */
const dashesOf = ({ srcToken }: YAMLSeq): readonly number[] =>
  srcToken?.type === 'block-seq' ? srcToken.items.flatMap(({ start }) => tokenAt(start, 'seq-item-ind') ?? []) : [];

const indented = (lines: string, { indent, eol }: { readonly indent: string; readonly eol: string }): string =>
  lines
    .split('\n')
    .map((line) => (line === '' ? line : indent + line))
    .join(eol);

const blockOf = (value: unknown, style: { readonly indent: string; readonly eol: string }): string =>
  indented(renderYaml(value), style);

/** Whole lines, put in before `at`; at the end of a file without a last newline, behind one. */
const insertLines = ({ text }: Opened, at: number, lines: string): Edit => {
  const eol = eolOf(text);
  const isOpenEnd = at === text.length && at > 0 && text[at - 1] !== '\n';
  return { start: at, end: at, text: isOpenEnd ? eol + lines.slice(0, -eol.length) : lines };
};

/** Removes whole lines; at the end of a file without a last newline, with the newline in front of them. */
const removeLines = (text: string, start: number, end: number): Edit => {
  const isOpenEnd = end === text.length && text[end - 1] !== '\n' && start > 0;
  return { start: isOpenEnd ? start - eolOf(text).length : start, end, text: '' };
};

type Place = { readonly start: number; readonly end: number; readonly indent: string };

/** The lines of an entry of a list in block style. */
const linesOf = ({ text }: Opened, list: YAMLSeq, index: number): Place => {
  const dash = dashesOf(list)[index];
  if (dash === undefined) throw cannotEdit('a list of a form of its own');
  const start = lineStart(text, dash);
  const indent = text.slice(start, dash);
  if (!/^ *$/.test(indent)) throw cannotEdit('a list that begins in the line of its key');
  return { start, end: nextLine(text, contentEnd(list.items[index], dash + 1)), indent };
};

const addToBlock = (file: Opened, list: YAMLSeq, entry: Entry): Edit => {
  const { end, indent } = linesOf(file, list, list.items.length - 1);
  return insertLines(file, end, blockOf([entry], { indent, eol: eolOf(file.text) }));
};

const addToFlow = (list: YAMLSeq, entry: Entry): Edit => {
  const [open] = rangeOf(list, 0);
  const at = list.items.length === 0 ? open + 1 : contentEnd(list.items.at(-1), open + 1);
  return { start: at, end: at, text: `${list.items.length === 0 ? '' : ', '}${JSON.stringify(entry)}` };
};

/** A key without entries: what stands for none is replaced by the list. */
const fillEmpty = (file: Opened, pair: Pair, entry: Entry): readonly Edit[] => {
  const { text, root } = file;
  const colon = behindColon(pair);
  const [from, end] = rangeOf(pair.value, colon);
  if (root.flow) return [{ start: colon, end: Math.max(colon, end), text: ` [${JSON.stringify(entry)}]` }];
  const start = lineStart(text, rangeOf(pair.key, 0)[0]);
  const indent = text.slice(start, rangeOf(pair.key, 0)[0]);
  if (!/^ *$/.test(indent)) throw cannotEdit('a key of a form of its own');
  const lines = insertLines(file, nextLine(text, Math.max(colon, end)), blockOf([entry], { indent, eol: eolOf(text) }));
  return end > from ? [{ start: colon, end, text: '' }, lines] : [lines];
};

/** Keys that the file does not have, at its end. */
const addKeys = (file: Opened, keys: Entry): Edit => {
  const { text, root } = file;
  const [start] = rangeOf(root, 0);
  if (root.flow) {
    const last = root.items.at(-1);
    const end = last === undefined ? start + 1 : Math.max(contentEnd(last.value, 0), rangeOf(last.key, 0)[1]);
    const put = JSON.stringify(keys).slice(1, -1);
    return { start: end, end, text: last === undefined ? put : `, ${put}` };
  }
  const indent = ' '.repeat(start - lineStart(text, start));
  const lines = blockOf(keys, { indent, eol: eolOf(text) });
  return insertLines(file, nextLine(text, contentEnd(root, start)), lines);
};

const isEmptyValue = (value: unknown): boolean =>
  value === null || (isScalar(value) && value.type !== 'QUOTE_DOUBLE' && /^(|~|null)$/i.test(String(value.value)));

const nameOf = (item: unknown): unknown => (isMap(item) ? item.get('name') : undefined);

const indexesOf = ({ items }: YAMLSeq, name: unknown): readonly number[] =>
  [...items.keys()].filter((index) => nameOf(items[index]) === name);

/** One of the lists of a kubeconfig, and an entry for it. */
export type Addition = { readonly list: string; readonly entry: Entry };

const replaceItem = (file: Opened, list: YAMLSeq, { index, entry }: { index: number; entry: Entry }): Edit => {
  const { text } = file;
  if (list.flow) {
    const [start, end] = rangeOf(list.items[index], 0);
    return { start, end, text: JSON.stringify(entry) };
  }
  const { start, end, indent } = linesOf(file, list, index);
  const lines = blockOf([entry], { indent, eol: eolOf(text) });
  const isOpenEnd = end === text.length && text[end - 1] !== '\n';
  return { start, end, text: isOpenEnd ? lines.slice(0, -eolOf(text).length) : lines };
};

const putEntry = (file: Opened, pair: Pair, { list, entry }: Addition): readonly Edit[] => {
  if (isEmptyValue(pair.value)) return fillEmpty(file, pair, entry);
  if (!isSeq(pair.value)) throw cannotEdit(`${list} that are no list`);
  const [index] = indexesOf(pair.value, entry.name);
  if (index !== undefined) return [replaceItem(file, pair.value, { index, entry })];
  return [pair.value.flow ? addToFlow(pair.value, entry) : addToBlock(file, pair.value, entry)];
};

/** Adds entries to their lists, which are made where there are none, and replaces those of the same name in their place. */
export const putEntries = (text: string, additions: readonly Addition[]): string => {
  if (additions.length === 0) return text;
  const file = openRoot(text);
  const missing = additions.filter(({ list }) => !findPair(file, list));
  const keys = Object.fromEntries(missing.map(({ list, entry }) => [list, [entry]]));
  // what goes to the same place as the keys goes in front of them
  const atEnd = missing.length > 0 ? [addKeys(file, keys)] : [];
  const inLists = additions.flatMap((addition) => {
    const pair = findPair(file, addition.list);
    return pair ? putEntry(file, pair, addition) : [];
  });
  return applyEdits(text, [...atEnd, ...inLists]);
};

/** With the comma behind it, or else the one in front of it. */
const removeFromFlow = (text: string, { items }: YAMLSeq, index: number): Edit => {
  const [start, end] = rangeOf(items[index], 0);
  const behind = /^\s*,[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  const before = /,\s*$/.exec(text.slice(0, start))?.[0].length ?? 0;
  const isLast = index === items.length - 1;
  return isLast ? { start: start - before, end, text: '' } : { start, end: end + behind, text: '' };
};

const removeFromBlock = (file: Opened, pair: Pair, index: number): readonly Edit[] => {
  const list = pair.value as YAMLSeq;
  const { start, end } = linesOf(file, list, index);
  const colon = behindColon(pair);
  const none = { start: colon, end: colon, text: ' null' };
  return [removeLines(file.text, start, end), ...(list.items.length === 1 ? [none] : [])];
};

/** Removes all entries of a name from the lists, the first one of each at a time. */
export const removeEntries = (text: string, lists: readonly string[], name: unknown): string => {
  const file = openRoot(text);
  const edits = lists.flatMap((list) => {
    const pair = findPair(file, list);
    const [index] = isSeq(pair?.value) ? indexesOf(pair.value, name) : [];
    if (!pair || !isSeq(pair.value) || index === undefined) return [];
    return pair.value.flow ? [removeFromFlow(text, pair.value, index)] : removeFromBlock(file, pair, index);
  });
  return edits.length === 0 ? text : removeEntries(applyEdits(text, edits), lists, name);
};

/** The text of a file that says nothing, without a null that stands for that; undefined for one with contents. */
export const findEmpty = (text: string): string | undefined => {
  const { contents } = openWritten(text);
  if (contents === null) return text;
  if (!isScalar(contents) || contents.type !== 'PLAIN' || contents.anchor || contents.tag || !isEmptyValue(contents))
    return undefined;
  const [start, end] = rangeOf(contents, text.length);
  return text.slice(0, start).replace(/[ \t]+$/, '') + text.slice(end).replace(/^[ \t]*(?=\r?\n)/, '');
};

/** Sets a text at the top of the file that is there. */
export const replaceText = (text: string, key: string, value: string): string => {
  const pair = findPair(openRoot(text), key);
  if (!pair) return text;
  const colon = behindColon(pair);
  const [start, end] = rangeOf(pair.value, colon);
  const isBlock = isScalar(pair.value) && (pair.value.type === 'BLOCK_LITERAL' || pair.value.type === 'BLOCK_FOLDED');
  // with the header of a block, its tag and its anchor; the line's end is the next key's
  if (isBlock) {
    const lineEnd = /\r?\n$/.exec(text.slice(start, end))?.[0] ?? '';
    return applyEdits(text, [{ start: colon, end, text: ` ${JSON.stringify(value)}${lineEnd}` }]);
  }
  const isEmpty = start === end;
  return applyEdits(text, [{ start, end, text: isEmpty ? ` ${JSON.stringify(value)}` : JSON.stringify(value) }]);
};
