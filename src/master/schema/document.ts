import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';
import { errorAt, type Position, type Problem } from './problem.ts';
import { type Resolved, resolvePlain } from './scalars.ts';

export type ScalarItem = Position & Resolved & { readonly text: string; readonly isPlain: boolean };
export type Field = Position & { readonly key: string; readonly value: Item };
export type MapItem = Position & { readonly kind: 'map'; readonly fields: readonly Field[] };
export type ListItem = Position & { readonly kind: 'list'; readonly items: readonly Item[] };
/** A node of a configuration file, with its position. */
export type Item = MapItem | ListItem | ScalarItem;

type Parsed = { readonly root: Item | undefined; readonly problems: readonly Problem[] };

/** A master's file has a few hundred nodes; aliases of aliases can expand a few lines to billions. */
const maxNodes = 20_000;
const maxDepth = 40;
const strTag = 'tag:yaml.org,2002:str';

type Reading = {
  readonly document: Document;
  /** What each alias stands for; found in one pass when the first one is met. */
  targets?: ReadonlyMap<Alias, Node>;
  readonly lines: LineCounter;
  readonly problems: Problem[];
  nodes: number;
};
type Cursor = { readonly path: string; readonly offset: number; readonly depth: number };

const positionOf = ({ lines }: Reading, path: string, offset: number): Position => {
  const { line, col } = lines.linePos(offset);
  return { path, line, column: col };
};

const childPath = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** Where a node is in its text, by offsets; undefined for an empty value. */
export const rangeOf = (node: unknown): readonly [start: number, end: number] | undefined =>
  isNode(node) && node.range ? [node.range[0], node.range[1]] : undefined;

const startOf = (node: unknown, otherwise: number): number => rangeOf(node)?.[0] ?? otherwise;

const readScalar = (reading: Reading, node: unknown, cursor: Cursor): ScalarItem => {
  const place = positionOf(reading, cursor.path, cursor.offset);
  if (!isScalar(node)) return { ...place, kind: 'null', value: null, text: '', isPlain: true };
  const text = String(node.value ?? '');
  const isPlain = (node.type === undefined || node.type === 'PLAIN') && node.tag !== strTag;
  return { ...place, ...(isPlain ? resolvePlain(text) : { kind: 'string', value: text }), text, isPlain };
};

/** `<<: *defaults` adds the fields that the map does not have. */
const mergedFields = (value: Item, own: readonly Field[]): readonly Field[] => {
  const sources = value.kind === 'list' ? value.items : [value];
  const known = new Set(own.map(({ key }) => key));
  return sources
    .flatMap((source) => (source.kind === 'map' ? source.fields : []))
    .filter(({ key }) => !known.has(key) && known.add(key));
};

const readField = (reading: Reading, { key: keyNode, value }: Pair, cursor: Cursor): Field => {
  const offset = startOf(keyNode, cursor.offset);
  const key = isScalar(keyNode) ? String(keyNode.value) : String(keyNode);
  const path = childPath(cursor.path, key);
  const place = positionOf(reading, path, offset);
  if (!isScalar(keyNode)) reading.problems.push(errorAt(place, 'key is not a scalar'));
  return { ...place, key, value: readNode(reading, value, { path, offset, depth: cursor.depth + 1 }) };
};

const reportDuplicates = ({ problems }: Reading, fields: readonly Field[]): void => {
  const first = new Map<string, Field>();
  for (const field of fields) {
    const key = field.key.toLowerCase();
    const earlier = first.get(key);
    first.set(key, earlier ?? field);
    if (!earlier) continue;
    const message = `'${field.key}' is already set on line ${earlier.line}`;
    problems.push(errorAt(field, message, 'keep one: readers ignore case and silently use one of them'));
  }
};

const readMap = (reading: Reading, pairs: readonly Pair[], cursor: Cursor): MapItem => {
  const all = pairs.map((pair) => readField(reading, pair, cursor));
  const own = all.filter(({ key }) => key !== '<<');
  reportDuplicates(reading, own);
  const merged = all.filter(({ key }) => key === '<<').flatMap(({ value }) => mergedFields(value, own));
  const renamed = merged.map((field) => ({ ...field, path: childPath(cursor.path, field.key) }));
  return { ...positionOf(reading, cursor.path, cursor.offset), kind: 'map', fields: [...own, ...renamed] };
};

/** The children of a node, in the order of the file. */
const childrenOf = (node: unknown): readonly unknown[] => {
  if (isMap(node)) return node.items.flatMap(({ key, value }) => [key, value]);
  return isSeq(node) ? node.items : [];
};

/**
 * The node of each alias: the last one before it with that anchor. Not `Alias.resolve`, which looks through the whole file for
 * each, so that 100,000 aliases took a minute. Without recursion, for files that are nested too deeply.
 */
const findTargets = ({ contents }: Document): ReadonlyMap<Alias, Node> => {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const rest: unknown[] = [contents];
  while (rest.length > 0) {
    const node = rest.pop();
    const target = isAlias(node) && anchors.get(node.source);
    if (isAlias(node) && target) targets.set(node, target);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) anchors.set(node.anchor, node);
    for (const child of childrenOf(node).toReversed()) rest.push(child);
  }
  return targets;
};

const readNode = (reading: Reading, node: unknown, { path, offset, depth }: Cursor): Item => {
  const cursor = { path, offset: startOf(node, offset), depth };
  reading.nodes += 1;
  const place = positionOf(reading, path, cursor.offset);
  if (depth > maxDepth || reading.nodes > maxNodes) {
    const message = 'nested too deeply, too many nodes, or an alias contains itself';
    if (reading.nodes <= maxNodes + 1) reading.problems.push(errorAt(place, message));
    return readScalar(reading, undefined, cursor);
  }
  if (isAlias(node)) {
    reading.targets ??= findTargets(reading.document);
    const target = reading.targets.get(node);
    if (!target) reading.problems.push(errorAt(place, `alias *${node.source} has no anchor`));
    return readNode(reading, target, { ...cursor, depth: depth + 1 });
  }
  if (isMap(node)) return readMap(reading, node.items, cursor);
  if (isSeq(node)) {
    const items = node.items.map((one, index) =>
      readNode(reading, one, { path: `${path}[${index}]`, offset: cursor.offset, depth: depth + 1 }),
    );
    return { ...place, kind: 'list', items };
  }
  return readScalar(reading, node, cursor);
};

/** A file as a document of the yaml package, with the range of each node; all scalars are strings. */
export const openDocument = (text: string, lines = new LineCounter()): Document =>
  parseDocument(text, {
    version: '1.1',
    schema: 'failsafe',
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
  });

/**
 * Parses a file as the master does, as YAML 1.1, and keeps the position of each node. {@link resolvePlain} resolves scalars:
 * YAML 1.1 of the yaml package differs from that of the master's library.
 */
export const parseLocated = (text: string): Parsed => {
  const lines = new LineCounter();
  const document = openDocument(text, lines);
  const reading: Reading = { document, lines, problems: [], nodes: 0 };
  const atOffset = (offset: number): Position =>
    lines.lineStarts.length > 0 ? positionOf(reading, '', offset) : start;
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos: [offset] }) => errorAt(atOffset(offset), message));
    return { root: undefined, problems };
  }
  if (document.contents === null) return { root: undefined, problems: [errorAt(start, 'file has no content')] };
  for (const { message, pos } of document.warnings) {
    reading.problems.push(errorAt(atOffset(pos[0]), message, 'write the value without a tag'));
  }
  const root = readNode(reading, document.contents, { path: '', offset: 0, depth: 0 });
  // the rules look at each node, and could take minutes
  return { root: reading.nodes > maxNodes ? undefined : root, problems: reading.problems };
};

const start: Position = { path: '', line: 1, column: 1 };

/** The field of a map by its key, ignoring case: the master lower-cases all keys. */
export const findField = (item: Item | undefined, key: string): Field | undefined =>
  item?.kind === 'map' ? item.fields.find((field) => field.key.toLowerCase() === key) : undefined;

/** The node at a dotted path below an item. */
export const findItem = (item: Item | undefined, path: string): Item | undefined =>
  path.split('.').reduce<Item | undefined>((parent, key) => findField(parent, key)?.value, item);

/** The string at a dotted path; undefined if missing or of another type. */
export const findString = (item: Item | undefined, path: string): string | undefined => {
  const found = findItem(item, path);
  return found?.kind === 'string' ? String(found.value) : undefined;
};

/** The number at a dotted path; undefined if missing or of another type. */
export const findNumber = (item: Item | undefined, path: string): number | undefined => {
  const found = findItem(item, path);
  return found?.kind === 'int' || found?.kind === 'float' ? Number(found.value) : undefined;
};

/** All scalars below an item, in file order. */
export const everyScalar = (item: Item): readonly ScalarItem[] => {
  if (item.kind === 'map') return item.fields.flatMap(({ value }) => everyScalar(value));
  if (item.kind === 'list') return item.items.flatMap(everyScalar);
  return [item];
};

/** The items of the list at a dotted path; empty if it is not a list. */
export const itemsAt = (item: Item | undefined, path: string): readonly Item[] => {
  const found = findItem(item, path);
  return found?.kind === 'list' ? found.items : [];
};
