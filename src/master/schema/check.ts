import { ownValue } from '../../lib/defined.ts';
import { findNearest } from '../../lib/nearest.ts';
import { everyScalar, type Field, type Item, type ListItem, type MapItem, type ScalarItem } from './document.ts';
import { errorAt, type Problem, warningAt } from './problem.ts';
import { isAmbiguous } from './scalars.ts';
import type { MapShape, Reader, Shape } from './shape.ts';

const wanted: Readonly<Record<Shape['kind'], string>> = {
  text: 'a string',
  string: 'a string',
  int: 'an integer',
  number: 'a number',
  bool: 'true or false',
  map: 'a block of keys',
  list: 'a list',
  dictionary: 'a block of keys',
  either: 'another type',
  any: 'a value',
};

const seen = (item: Item): string => {
  if (item.kind === 'map') return 'a block of keys';
  if (item.kind === 'list') return item.items.length === 0 ? 'an empty list' : 'a list';
  if (item.kind === 'null') return 'nothing';
  if (item.kind === 'string' && item.value === '') return 'an empty string';
  if (item.kind === 'string') return `the string '${item.text}'`;
  const meaning = item.kind === 'bool' ? String(item.value) : `the number ${item.value}`;
  return String(item.value) === item.text ? meaning : `${item.text}, which YAML 1.1 reads as ${meaning}`;
};

const isEmpty = (item: Item): boolean =>
  item.kind === 'null' ||
  (item.kind === 'map' && item.fields.length === 0) ||
  (item.kind === 'list' && item.items.length === 0) ||
  (item.kind === 'string' && item.value === '');

const fitting: Readonly<Record<Shape['kind'], readonly Item['kind'][]>> = {
  text: ['string', 'int', 'float'],
  string: ['string'],
  int: ['int'],
  number: ['int', 'float'],
  bool: ['bool'],
  map: ['map'],
  list: ['list'],
  dictionary: ['map'],
  either: [],
  any: ['string', 'int', 'float', 'bool', 'null', 'map', 'list'],
};

const fits = (item: Item, shape: Shape): boolean =>
  shape.kind === 'either' ? shape.options.some((one) => fits(item, one)) : fitting[shape.kind].includes(item.kind);

/** An empty list must be `[]`: Go and Python do not accept `''` and `{}`, and Python does not accept null. */
const mayBeEmpty = (item: Item, shape: Shape): boolean => {
  if (shape.kind === 'any') return true;
  if (!('mayBeEmpty' in shape && shape.mayBeEmpty === true)) return false;
  return fits(item, shape) || (item.kind === 'null' && shape.kind !== 'list');
};

const isNeeded = (shape: Shape): boolean => 'isNeeded' in shape && shape.isNeeded === true;

/** viper drops null and empty blocks; Go takes an empty string or list for a string or a list. */
const countsAsMissing = (item: Item, shape: Shape): boolean =>
  shape.kind === 'map' && shape.isNeeded
    ? false
    : item.kind === 'null' ||
      (item.kind === 'map' && item.fields.length === 0) ||
      (fits(item, shape) && !isNeeded(shape));

const emptyHint = (shape: Shape): string =>
  shape.kind === 'map'
    ? 'an empty block counts as missing and silently disables its feature: fill it in or remove the key'
    : 'set a value, or remove the key for the default';

const empty = (item: Item, shape: Shape): Problem => errorAt(item, 'is empty', emptyHint(shape));

/** `[]` is no text to Go, whatever is in it. */
const emptyOrWrong = (item: Item, shape: Shape): Problem =>
  item.kind === 'null' || fits(item, shape) ? empty(item, shape) : wrongType(item, shape);

const quoteHint = (item: Item): string | undefined =>
  item.kind === 'map' || item.kind === 'list' ? undefined : `quote it: "${item.text}"`;

const isSecret = (shape: Shape): boolean => 'isSecret' in shape && shape.isSecret === true;

const wrongType = (item: Item, shape: Shape): Problem => {
  if (isSecret(shape)) return errorAt(item, `must be ${wanted[shape.kind]}, is a ${item.kind}`, 'quote it');
  return errorAt(
    item,
    `must be ${wanted[shape.kind]}, is ${seen(item)}`,
    shape.kind === 'string' || shape.kind === 'text' ? quoteHint(item) : undefined,
  );
};

const findUnrepresentable = ({ value }: ScalarItem, shape: Shape): string | false => {
  if (typeof value !== 'number') return false;
  if (!Number.isFinite(value)) return 'is not a JSON number; the master converts its file to JSON';
  return shape.kind === 'int' && !Number.isSafeInteger(value) && 'is too large for an integer';
};

/** Reports an unquoted value that is read as another one. Secrets are not repeated in messages. */
const checkPlain = (item: ScalarItem, shape: Shape): readonly Problem[] => {
  const fault = findUnrepresentable(item, shape);
  if (fault) return [errorAt(item, fault, 'write a smaller number, or quote the value')];
  if (!item.isPlain || shape.kind === 'bool' || !isAmbiguous(item.text)) return [];
  return isSecret(shape)
    ? [warningAt(item, 'unquoted, it is read as a number and changes', 'quote it')]
    : [warningAt(item, `unquoted ${item.text} is read as ${item.value}`, `write ${item.value}, or quote it`)];
};

const withoutDashes = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '');

/** The known word that was probably meant: the same but for case and underscores, or two letters away at most. */
const findSimilar = (word: string, known: readonly string[]): string | undefined => {
  const best = findNearest(word, known, withoutDashes);
  return best && best.edits <= (withoutDashes(word).length < 5 ? 1 : 2) ? best.candidate : undefined;
};

const unknownKey = (field: Field, shape: MapShape, reader: Reader): Problem => {
  const key = reader.ignoresCase ? field.key.toLowerCase() : field.key;
  const similar = findSimilar(field.key, Object.keys(shape.fields));
  const hint = ownValue(shape.instead ?? {}, key) ?? (similar && `did you mean ${similar}?`);
  if (shape.unknown === 'unsure' && !hint)
    return warningAt(field, `'${field.key}' is not a key that taskgate knows here`);
  const isDropped = shape.unknown === 'dropped';
  const message = `'${field.key}' is not a key here: ${reader.name} ${isDropped ? 'silently ignores it' : 'refuses it'}`;
  return (isDropped ? warningAt : errorAt)(field, message, hint ?? shape.otherwise ?? 'remove it');
};

const checkMap = (item: MapItem, shape: MapShape, reader: Reader): readonly Problem[] => {
  const nameOf = ({ key }: Field): string => (reader.ignoresCase ? key.toLowerCase() : key);
  const present = new Set(item.fields.map(nameOf));
  const missing = (shape.required ?? [])
    .filter((key) => !present.has(key))
    .map((key) => errorAt(item, `${key} is missing`, `${reader.name} requires it`));
  const problems = item.fields.flatMap((field) => {
    const known = Object.hasOwn(shape.fields, nameOf(field)) ? shape.fields[nameOf(field)] : undefined;
    if (!known) return [unknownKey(field, shape, reader)];
    if (isEmpty(field.value) && shape.required?.includes(nameOf(field))) return [empty(field.value, known)];
    const casing =
      nameOf(field) === field.key || shape.isKubernetes
        ? []
        : [warningAt(field, `'${field.key}' works only because keys are lower-cased`, `write ${nameOf(field)}`)];
    return [...casing, ...checkShape(field.value, known, reader)];
  });
  return [...missing, ...problems];
};

const checkInner = (item: MapItem | ListItem, shape: Shape, reader: Reader): readonly Problem[] => {
  if (shape.kind === 'map' && item.kind === 'map') return checkMap(item, shape, reader);
  if (shape.kind === 'list' && item.kind === 'list') {
    const isBlock = shape.of.kind === 'map' && shape.of.required !== undefined;
    return item.items.flatMap((one) =>
      isBlock && isEmpty(one) ? [empty(one, shape.of)] : checkShape(one, shape.of, reader),
    );
  }
  if (shape.kind === 'dictionary' && item.kind === 'map') {
    return item.fields.flatMap(({ value }) => checkShape(value, shape.of, reader));
  }
  return everyScalar(item).flatMap((one) => checkPlain(one, shape));
};

/**
 * Checks a node against the shape that its reader expects: types, unknown and empty keys, and unquoted values that YAML 1.1
 * reads as another type. The master uses plain `encoding/json` behind viper (docs/determined.md, How the file is read).
 */
export const checkShape = (item: Item, shape: Shape, reader: Reader): readonly Problem[] => {
  if (isEmpty(item)) {
    if (reader.takesEmpty) return countsAsMissing(item, shape) ? [] : [emptyOrWrong(item, shape)];
    return mayBeEmpty(item, shape) ? [] : [empty(item, shape)];
  }
  if (shape.kind === 'either') {
    const option = shape.options.find((one) => fits(item, one));
    return option ? checkShape(item, option, reader) : [wrongType(item, shape)];
  }
  if (!fits(item, shape)) return [wrongType(item, shape)];
  return item.kind === 'map' || item.kind === 'list' ? checkInner(item, shape, reader) : checkPlain(item, shape);
};
