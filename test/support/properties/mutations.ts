import fc, { type Arbitrary } from 'fast-check';
import { knowing } from './shares.ts';

/** What parsers trip over. */
const tokens = [
  ...[
    '//',
    '?',
    '%',
    '%zz',
    '%00',
    '..',
    ':',
    '@',
    '[',
    ']',
    '#',
    '\\',
    '"',
    "'",
    '{',
    '}',
    ',',
    '<',
    '&',
    '*',
    '!',
    ';',
  ],
  ...['\r\n', '\n', '\r\n\r\n', '\t', '\0', '\u001b[2J', '\u009b', '\u202e', '\ud800', '::error::', '\ufeff', '\n  - '],
  ...['null', 'true', '[]', '{}', '""', '0', '-1', '1e999', 'NaN', '{"toString":1}', '{"length":-1}', '[[[[[[[['],
  ...['http://[', 'ftp://x', 'http://%zz@x/', 'javascript:0', '__proto__', 'constructor', 'toString', '\u2028'],
  ...[' '.repeat(50), 'x'.repeat(9_000)],
] as const;

const strangeValues: readonly unknown[] = [
  ...([null, true, 0, -1, 1e300, '', 'x', '//', 'http://[', '..', [], {}, [null], [[]]] as const),
  ...[{ toString: 1 }, { length: 5 }, JSON.parse('{"__proto__":{"x":1}}'), 'y'.repeat(5_000), '\u001b[2J\n::x::'],
];

const kinds = ['insert', 'replace', 'byte', 'remove', 'jump', 'cut'] as const;

/** An edit in one number, since random numbers are most of the cost: what is done, where, how long, and with which token. */
const edits: Arbitrary<number> = fc.nat(2 ** 31 - 1);

const applyEdit = (text: string, edit: number): string => {
  const kind = kinds[edit % kinds.length];
  const token = tokens[Math.floor(edit / 6) % tokens.length] ?? '';
  const length = Math.floor(edit / 600) % 8;
  const anywhere = Math.floor(edit / 4_800);
  const at = anywhere % (text.length + 1);
  const [before, behind] = [text.slice(0, at), text.slice(at + length)];
  switch (kind) {
    case 'cut':
      return before;
    case 'insert':
      return before + token + text.slice(at);
    case 'replace':
      return before + token + behind;
    case 'byte':
      return before + String.fromCharCode(anywhere % 0x100) + text.slice(at + 1);
    case 'remove':
      return before + behind;
    default:
      return before + text.slice((anywhere * 7 + length) % (text.length + 1));
  }
};

const garbage = fc.string({ unit: 'binary', maxLength: 60 });

/** Good texts after up to five edits, and a few times garbage. It shrinks to fewer edits. */
export const mutatedText = (...good: readonly string[]): Arbitrary<string> =>
  knowing(
    fc.oneof(
      {
        weight: 30,
        arbitrary: fc
          .tuple(fc.constantFrom(...good), fc.array(edits, { maxLength: 5 }))
          .map(([text, changes]) => changes.reduce(applyEdit, text)),
      },
      { weight: 1, arbitrary: garbage },
    ),
    good,
  );

type Path = readonly (string | number)[];

const pathsOf = (value: unknown, path: Path = []): readonly Path[] => {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [path, ...[...keys].flatMap((key) => pathsOf((value as Record<string, unknown>)[key], [...path, key]))];
};

const removed = Symbol('removed');

const put = (value: unknown, [key, ...rest]: Path, replacement: unknown): unknown => {
  if (key === undefined) return replacement === removed ? undefined : replacement;
  const inner = put((value as Record<string, unknown>)[key], rest, replacement);
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? inner : item));
  const isRemoved = rest.length === 0 && replacement === removed;
  return Object.fromEntries(
    Object.entries(value as object).flatMap(([name, item]) =>
      name === key ? (isRemoved ? [] : [[name, inner] as const]) : [[name, item] as const],
    ),
  );
};

type Change = readonly [node: number, replacement: unknown];

const changeNode = (value: unknown, [node, replacement]: Change): unknown => {
  const paths = pathsOf(value);
  return put(value, paths[node % paths.length] ?? [], replacement);
};

const replacements = [removed, ...strangeValues];

/** Good values in which up to three nodes are others or gone; a change in one number: which node, and what by. */
export const mutatedValue = (...good: readonly unknown[]): Arbitrary<unknown> =>
  knowing(
    fc
      .tuple(fc.constantFrom(...good), fc.array(edits, { maxLength: 3 }))
      .map(([value, changes]) =>
        changes.reduce<unknown>(
          (changed, edit) =>
            changeNode(changed, [Math.floor(edit / replacements.length), replacements[edit % replacements.length]]),
          value,
        ),
      ),
    good,
  );

/** The same as JSON, a few times with a changed text, too. */
export const mutatedJson = (...good: readonly unknown[]): Arbitrary<string> =>
  knowing(
    fc
      .tuple(
        mutatedValue(...good),
        fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(edits, { maxLength: 3 })),
      )
      .map(([value, changes]) => (changes as readonly number[]).reduce(applyEdit, JSON.stringify(value) ?? '')),
    good.map((value) => JSON.stringify(value)),
  );

/** Words that a secret of an input has, and nothing else of it. */
export const secretText = 'hunter2-8f3a';
