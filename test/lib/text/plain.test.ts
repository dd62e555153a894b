import { expect, test } from 'vitest';
import { plain, plainJson, plainLines } from '../../../src/lib/text/plain.ts';

test.each([
  ['an escape sequence', '\u001b[2J\u001b]0;title\u0007x', '?[2J?]0;title?x'],
  ['a C1 control, which some terminals take for an escape', 'a\u009b2Jb\u0085c', 'a?2Jb?c'],
  ['a backspace, a bell, DEL and NUL', 'a\b\u0007\u007f\u0000b', 'a????b'],
  ['bidi controls', 'user\u202etxt.exe\u2066\u200f', 'user?txt.exe??'],
  ['half of a pair', 'a\ud800b', 'a?b'],
  ['newlines of all kinds', 'a\nb\r\nc\rd\u2028e\u000bf', 'a / b / c / d / e / f'],
  ['spaces around newlines, and at both ends', '  a \n\n  b\n', 'a / b'],
  ['a tab', 'a\tb', 'a b'],
  ['a command of GitHub', '::add-mask::x', '· ::add-mask::x'],
  ['a command of GitHub in the old form', 'x ##[add-mask]y', 'x ## [add-mask]y'],
  ['a command of Azure Pipelines', '##vso[task.setvariable]y', '## vso[task.setvariable]y'],
  ['a command behind a newline', 'a\n::add-mask::x', 'a / ::add-mask::x'],
  ['what is harmless', 'ü ──> 日本 😀 http://[::1]:80', 'ü ──> 日本 😀 http://[::1]:80'],
])('on one line, %s', (_, text, shown) => expect(plain(text)).toBe(shown));

test.each([
  ['keep their newlines and tabs', 'a\r\n\tb\n', 'a\n\tb\n'],
  ['lose what a terminal obeys', 'a\u001b[1m\nb\rc\u009bd\u2028', 'a?[1m\nb?c?d?'],
  [
    'hold no command of a runner, also after spaces',
    'a\n  ::error::x\n::stop-commands::y',
    'a\n  · ::error::x\n· ::stop-commands::y',
  ],
])('lines %s', (_, text, shown) => expect(plainLines(text)).toBe(shown));

test('JSON has the same value, without a character that a terminal or a runner obeys', () => {
  const value = { seen: 'a\u001b\u009b2J\u202e\u2028##[add-mask]x ##vso[y]', '::key': ['\n::add-mask::x'] };
  const text = plainJson(value, 2);
  expect(JSON.parse(text)).toEqual(value);
  expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}|##\[|##vso|^\s*::/mu);
});
