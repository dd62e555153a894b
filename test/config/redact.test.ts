import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { printableConfig, withoutPasswords } from '../../src/config/redact.ts';

test.each([
  ['https://me:secret@host/files', 'https://***@host/files'],
  ['https://token@host', 'https://***@host'],
  ['https://host/files@v1', 'https://host/files@v1'],
  ['no url', 'no url'],
])('%s is shown as %s', (text, expected) => expect(withoutPasswords(text)).toBe(expected));

test('the settings as shown hold no password, and are otherwise the same', async () => {
  const load = async (flags: Readonly<Record<string, string>>) =>
    (await loadConfig({ cwd: '/nowhere', env: {}, flags, check: () => [] })).config;
  const secret = await load({ mirror: 'https://me:secret@host/files' });
  expect(printableConfig(secret)).toEqual({ ...secret, mirror: 'https://***@host/files' });
  const plain = await load({});
  expect(printableConfig(plain)).toBe(plain);
});
