import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseYamlStream, render, renderYaml } from '../../src/lib/template.ts';

describe('render', () => {
  test('fills placeholders', () => expect(render('a: ${one}-${two}', { one: 1, two: 'x' })).toBe('a: 1-x'));
  test('refuses a placeholder without a value', () => expect(() => render('${one}', {})).toThrow('${one}'));
  test('refuses a value without a placeholder', () => expect(() => render('a', { one: 1 })).toThrow('one'));
});

test.each(['no', 'on', 'y', 'off', '1_000', '0b11', '0o17', '012', '1e3'])('quotes %s for YAML 1.1 readers', (text) => {
  expect(parse(renderYaml({ text }), { version: '1.1' })).toEqual({ text });
});

test('a stream skips documents that hold only comments', () => {
  expect(parseYamlStream('a: 1\n---\n# nothing\n---\nb: 2\n')).toEqual([{ a: 1 }, { b: 2 }]);
});
