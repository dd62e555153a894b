import { expect, test } from 'vitest';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { judge, masterText, problemTexts } from '../../support/master/sample.ts';

const stage = (pre: string): string => `stages:\n  - custom:\n      name: a\n      cmd: [a]\n      pre: ${pre}\n`;

test('an empty list is a list', () => expect(validateMasterConfig(stage('[]'))).toEqual([]));

test.each(['', '~', "''", '{}'])('%s is no list for devcluster', (pre) => {
  expect(problemTexts(validateMasterConfig(stage(pre)))).toEqual(['error stages[0].custom.pre: is empty']);
});

test.each([null, {}, []])('%j is as good as no list for the master', (ports) => {
  expect(judge({ reserved_ports: ports })).toEqual([]);
});

test('an empty text is no list for the master', () => {
  expect(judge({ reserved_ports: '' })).toEqual(['error reserved_ports: must be a list, is an empty string']);
});

test('an empty list is no text', () => {
  expect(judge({ 'db.ssl_mode': [] })).toEqual(['error db.ssl_mode: must be a string, is an empty list']);
});

test.each([null, '', {}])('%j is an empty text', (mode) => expect(judge({ 'db.ssl_mode': mode })).toEqual([]));

const withLine = (key: string, raw: string): readonly string[] =>
  problemTexts(validateMasterConfig(masterText().replace(new RegExp(`${key}: .*`), `${key}: ${raw}`)));

test.each([
  ['max_slots_per_pod', '99999999999999999999', 'is too large for an integer'],
  ['cpu', '1e400', 'is not a JSON number; the master converts its file to JSON'],
  ['root', '.inf', 'is not a JSON number; the master converts its file to JSON'],
])('%s: %s', (key, raw, message) => {
  expect(withLine(key, raw).map((line) => line.split(': ')[1])).toEqual([message]);
});

test.each(['012', '1_000', '1e3', '0x1F'])('a password %s changes, and is not repeated', (raw) => {
  expect(withLine('password', raw)).toEqual(['warning db.password: unquoted, it is read as a number and changes']);
  expect(withLine('password', `"${raw}"`)).toEqual([]);
});

test.each(['constructor', 'toString', 'hasOwnProperty'])('the key %s is unknown, as any other', (key) => {
  const [problem] = validateMasterConfig(`${masterText()}\n${key}: 1\n`);
  expect(problem).toMatchObject({ path: key, message: expect.stringContaining(`'${key}' is not a key here`) });
  expect(problem?.hint).toMatch(/^(remove it|did you mean \w+\?)$/);
});
