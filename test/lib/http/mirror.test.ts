import { expect, test } from 'vitest';
import { parseMirror } from '../../../src/lib/http/mirror.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  ['https://host/files/', 'https://host/files', undefined],
  ['https://ci:secret@host:8443/files//', 'https://host:8443/files', basic('ci:secret')],
  ['https://token@host', 'https://host', basic('token:')],
  ['https://ci:p%40ss@host', 'https://host', basic('ci:p@ss')],
  ['https://ci:50%@host', 'https://host', basic('ci:50%')],
])('%s', (text, url, header) => {
  const mirror = parseMirror(text);
  expect(mirror.url).toBe(url);
  expect(mirror.authorization?.()).toBe(header);
});
