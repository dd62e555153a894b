import { expect, test } from 'vitest';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { findItem, findString, parseLocated } from '../../../src/master/schema/document.ts';

test('each node has its position', () => {
  const { root, problems } = parseLocated('a:\n  b:\n    - c: 1\n      d: "x"\n');
  expect(problems).toEqual([]);
  const [item] = findItem(root, 'a.b')?.kind === 'list' ? [findItem(root, 'a.b')] : [];
  expect(item).toMatchObject({ path: 'a.b', line: 3, column: 5 });
  expect(item).toMatchObject({
    items: [{ path: 'a.b[0]', fields: [{ path: 'a.b[0].c', line: 3, column: 7 }, { path: 'a.b[0].d' }] }],
  });
});

test('aliases and merges are followed, own keys win', () => {
  const { root } = parseLocated(
    'base: &base {gateway_name: one, gateway_ip: "1"}\nuse:\n  <<: *base\n  gateway_name: two\nalso: *base\n',
  );
  expect(findString(root, 'use.gateway_name')).toBe('two');
  expect(findString(root, 'use.gateway_ip')).toBe('1');
  expect(findString(root, 'also.gateway_name')).toBe('one');
});

test.each([
  ['nothing', '', 1, 1, 'file has no content'],
  ['comments only', '# none\n', 1, 1, 'file has no content'],
  ['a tab', 'a:\n\tb: 1\n', 2, 1, /tab/i],
  ['an open bracket', 'a: 1\nb: [1\nc: 2\n', 3, 1, /bracket|indented|Flow|end with/],
  ['two documents', 'a: 1\n---\nb: 2\n', 2, 1, /multiple documents/],
  ['an alias without anchor', 'a: *nowhere\n', 1, 4, 'alias *nowhere has no anchor'],
  ['a key given twice', 'port: 1\nport: 2\n', 2, 1, "'port' is already set on line 1"],
  ['a key given twice, in another case', 'db: {host: a,\n  Host: b}\n', 2, 3, "'Host' is already set on line 1"],
  ['an alias of itself', 'a: &a\n  b: *a\n', 1, 1, /alias contains itself|missing|nested/],
  ['a list', '- a\n', 1, 1, 'must be a block of keys'],
  ['a word', 'hello\n', 1, 1, 'must be a block of keys'],
  ['a tag', 'port: !!int "8080"\n', 1, 7, /tag/],
])('%s is a problem', (_, text, line, column, message) => {
  const problems = validateMasterConfig(text);
  const matching = problems.filter((one) =>
    typeof message === 'string' ? one.message === message : message.test(one.message),
  );
  expect(problems.some(({ severity }) => severity === 'error')).toBe(true);
  expect(matching.map((one) => ({ line: one.line, column: one.column }))).toContainEqual({ line, column });
});

test('refuses exponential aliases immediately', () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(', ')}]`,
  );
  const problems = validateMasterConfig(['l0: &l0 [a]', ...levels].join('\n'));
  expect(problems.map(({ message }) => message)).toContainEqual(expect.stringContaining('too many nodes'));
});

test('never throws, whatever the text', () => {
  const bits = [
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&x ',
    '*x',
    '<<',
    '!!str ',
    '|',
    '>',
    '#',
    '$',
    'stages',
    'resource_manager',
    '?',
    '---',
    '\t',
    '%',
  ];
  let seed = 7;
  const next = (limit: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % limit;
  };
  for (let round = 0; round < 1000; round++) {
    const text = Array.from({ length: 1 + next(20) }, () => bits[next(bits.length)]).join('');
    expect(() => validateMasterConfig(text), JSON.stringify(text)).not.toThrow();
  }
});

test('an alias stands for the last anchor of its name before it', () => {
  const { root, problems } = parseLocated('a: &x one\nb: *x\nc: &x two\nd: *x\n');
  expect([findString(root, 'b'), findString(root, 'd'), problems]).toEqual(['one', 'two', []]);
  const [problem] = parseLocated('a: *x\nb: &x one\n').problems;
  expect(problem).toMatchObject({ message: 'alias *x has no anchor', line: 1 });
});

test('many aliases are looked up in one pass', { timeout: 60_000 }, () => {
  const before = process.cpuUsage();
  const [problem] = validateMasterConfig(`a: &a 1\nl:\n${'- *a\n'.repeat(30_000)}`);
  expect(problem?.message).toBe('nested too deeply, too many nodes, or an alias contains itself');
  // with a look through the whole file for each alias it was 6 s
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(3);
});
