import { expect, test } from 'vitest';
import { validateMasterConfig } from '../../src/master/validate.ts';
import { judge, told } from './sample.ts';

const stage = (pre: string): string => `stages:\n  - custom:\n      name: a\n      cmd: [a]\n      pre: ${pre}\n`;

test('an empty list is a list', () => expect(validateMasterConfig(stage('[]'))).toEqual([]));

test.each(['', '~', "''", '{}'])('%s is no list for devcluster', (pre) => {
  expect(told(validateMasterConfig(stage(pre)))).toEqual(['error stages[0].custom.pre: is empty']);
});

test.each([null, '', {}])('%j is no list for the master', (ports) => {
  expect(judge({ reserved_ports: ports })).toEqual(['error reserved_ports: is empty']);
});

test('an empty list is no text', () => expect(judge({ 'db.ssl_mode': [] })).toEqual(['error db.ssl_mode: is empty']));

test.each([null, ''])('%j is an empty text', (mode) => expect(judge({ 'db.ssl_mode': mode })).toEqual([]));
