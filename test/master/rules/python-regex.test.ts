import { expect, test } from 'vitest';
import { isPythonRegex } from '../../../src/master/rules/python-regex.ts';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { problemTexts } from '../../support/master/sample.ts';

test.each([
  'accepting incoming connections on port',
  '(?i)ready',
  '(?im)ready',
  '(?P<port>a)(?P=port)',
  '(?P<port>[0-9]+) (?P=port)',
  '(?<!not )ready',
  '(?=a)b',
  '\\Aready\\Z',
  'ready(?# at last)',
  '[(]',
  '\\(',
  '',
])('%s is a pattern', (regex) => expect(isPythonRegex(regex)).toBe(true));

test.each([
  '(',
  'ready)',
  '[a',
  '*a',
  'a{2,1}',
  '(?P<a',
  '\\',
  'a(?i)b',
  '(?i)*a',
  '(?# none)*a',
  '\\A*a',
  '(?P<port>a)(?P=host)',
])('%s is no pattern', (regex) => expect(isPythonRegex(regex)).toBe(false));

test('a logcheck that Python cannot compile', () => {
  const text =
    'stages:\n  - custom:\n      name: a\n      cmd: [a]\n      post:\n        - logcheck: {regex: "ready ("}\n';
  expect(problemTexts(validateMasterConfig(text))).toEqual([
    "error stages[0].custom.post[0].logcheck.regex: 'ready (' is not a regular expression",
  ]);
});
