import { expect, test } from 'vitest';
import { describeBytes } from '../../../src/lib/text/bytes.ts';

test.each([
  [0, '0 MB'],
  [1_400_000, '1 MB'],
  [999_400_000, '999 MB'],
  [1e9, '1.0 GB'],
  [1_073_756_160, '1.1 GB'],
])('%d bytes are %s', (bytes, text) => expect(describeBytes(bytes)).toBe(text));
