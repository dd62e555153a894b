/** A generator of numbers that a seed determines (mulberry32). */
export const randomOf = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(from: readonly [T, ...T[]]): T => from[below(from.length)] ?? from[0];
  return { below, pick };
};

export type Random = ReturnType<typeof randomOf>;

/** What parsers trip over. */
const tokens = [
  ...['//', '?', '%', '%zz', '%00', '..', ':', '@', '[', ']', '#', '\\', '"', "'", '{', '}', ',', '<', '&', ';'],
  ...['\r\n', '\n', '\r\n\r\n', '\0', '\u001b[2J', '\u009b', '\u202e', '\ud800', '::error::', '\ufeff', ' '.repeat(50)],
  ...['null', 'true', '[]', '{}', '""', '0', '-1', '1e999', 'NaN', '{"toString":1}', '{"length":-1}', '[[[[[[[['],
  ...[
    'http://[',
    'ftp://x',
    'http://%zz@x/',
    'javascript:0',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(9_000),
  ],
] as unknown as readonly [string, ...string[]];

const edit = (text: string, random: Random): string => {
  const at = random.below(text.length + 1);
  const length = random.below(8);
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + random.pick(tokens) + text.slice(at);
    case 2:
      return text.slice(0, at) + random.pick(tokens) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.below(0x100)) + text.slice(at + 1);
    case 4:
      return text.slice(0, at) + text.slice(at + length);
    default:
      return text.slice(0, at) + text.slice(random.below(text.length + 1));
  }
};

/** A seed text after one to five edits; a few times garbage. */
export const mutateText = (seeds: readonly [string, ...string[]], random: Random): string => {
  if (random.below(50) === 0) {
    return Array.from({ length: random.below(60) }, () => String.fromCharCode(random.below(0x180))).join('');
  }
  let text = random.pick(seeds);
  for (let edits = random.below(5); edits >= 0; edits--) text = edit(text, random);
  return text;
};

const strangeValues: readonly [unknown, ...unknown[]] = [
  ...([null, true, 0, -1, 1e300, '', 'x', '//', 'http://[', [], {}, [null], [[]]] as const),
  ...[{ toString: 1 }, { length: 5 }, JSON.parse('{"__proto__":{"x":1}}'), 'y'.repeat(5_000), '\u001b[2J\n::x::'],
];

/** A value in which some nodes are replaced by others, or left out. */
const mutateValue = (value: unknown, random: Random): unknown => {
  if (random.below(8) === 0) return random.pick(strangeValues);
  if (Array.isArray(value)) return value.map((item) => mutateValue(item, random));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      random.below(12) === 0 ? [] : [[key, mutateValue(item, random)] as const],
    ),
  );
};

/** A seed as JSON, with a changed value, and a few times a changed text too. */
export const mutateJson = (seeds: readonly [unknown, ...unknown[]], random: Random): string => {
  const text = JSON.stringify(mutateValue(random.pick(seeds), random)) ?? '';
  return random.below(4) === 0 ? mutateText([text], random) : text;
};
