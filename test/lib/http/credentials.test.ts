import { expect, test } from 'vitest';
import { basicAuthorization } from '../../../src/lib/http/credentials.ts';

test.each([
  ['https://host', undefined],
  ['https://me:p%40ss@host', 'me:p@ss'],
  ['https://me:50%@host', 'me:50%'],
  ['https://token@host', 'token:'],
])('%s', (url, text) =>
  expect(basicAuthorization(new URL(url))).toBe(text && `Basic ${Buffer.from(text).toString('base64')}`));
