import { expect, test } from 'vitest';
import { parseIpOutput } from '../../../src/lib/text/ip-output.ts';

test.each([
  ['[{"dst":"default"},null,1]', [{ dst: 'default' }]],
  ['[]', []],
  ['', []],
])('%s', (text, entries) => expect(parseIpOutput(text)).toEqual(entries));

test.each(['Option "-json" is unknown', '{}', 'null'])('%s is not what ip prints', (text) => {
  expect(() => parseIpOutput(text)).toThrow(
    expect.objectContaining({
      id: 'environment.machine',
      message: `ip -json prints ${JSON.stringify(text)}, which is no list`,
    }),
  );
});
